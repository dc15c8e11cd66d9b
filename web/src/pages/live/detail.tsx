import { formatMoment, formatTime } from '../../lib/format.ts'
import type { FeedEntry } from '../../state/feed.ts'
import { Button } from '../../ui/button.tsx'
import { Copy } from '../../ui/copy.tsx'

export interface DetailProps {
  entry: FeedEntry
  onClose(): void
}

/** All of one event. */
export function Detail({ entry: { type, id, at, data }, onClose }: DetailProps) {
  const text = JSON.stringify(data, null, 2)
  return (
    <aside class="live-detail" aria-label="Event" onKeyDown={(event) => event.key === 'Escape' && onClose()}>
      <header>
        <h2 class="break">{type}</h2>
        <Copy text={text} label="Copy the payload" />
        <Button icon="close" label="Close" kind="quiet" slim onClick={onClose} />
      </header>
      <p class="muted small">
        {id === undefined ? 'Not kept: it has no number' : `Number ${id}`} · {formatMoment(at)} ({formatTime(at)})
      </p>
      <pre class="json" tabIndex={0}>
        {text}
      </pre>
    </aside>
  )
}
