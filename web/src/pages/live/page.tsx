import { useComputed, useSignal } from '@preact/signals'
import { useCallback, useMemo, useRef } from 'preact/hooks'
import { formatTime } from '../../lib/format.ts'
import { clearFeed, feed, type FeedEntry, MOST_HELD, version, withDeltas } from '../../state/feed.ts'
import { Button } from '../../ui/button.tsx'
import { Check, SearchInput } from '../../ui/field.tsx'
import { Empty } from '../../ui/states.tsx'
import { VirtualList } from '../../ui/virtual-list.tsx'
import { CATEGORIES, categoryOf, kindOf, summaryOf } from './describe.ts'
import { Detail } from './detail.tsx'
import { EntryFilter } from './filter.ts'
import './live.css'

const ROW_PX = 34

export default function LivePage() {
  const query = useSignal('')
  const hidden = useSignal<ReadonlySet<string>>(new Set())
  const paused = useSignal(false)
  const following = useSignal(true)
  const selected = useSignal<FeedEntry | undefined>(undefined)
  const toEnd = useRef<() => void>(() => undefined)
  const filter = useMemo(() => new EntryFilter(), [])
  /** What is shown while it is paused is what was there then. */
  const frozen = useRef<readonly FeedEntry[] | undefined>(undefined)
  const held = useComputed(() => (version.value, feed.entries.length))

  void version.value
  const source = frozen.current ?? feed.entries
  const shown = filter.apply(source, query.value, hidden.value)
  const waiting = frozen.current ? countSince(frozen.current) : 0

  const selectedKey = selected.value?.key
  const row = useCallback(
    (entry: FeedEntry) => (
      <Row entry={entry} selected={selectedKey === entry.key} onSelect={() => (selected.value = entry)} />
    ),
    [selectedKey]
  )

  function pause(): void {
    paused.value = !paused.value
    frozen.current = paused.value ? [...feed.entries] : undefined
  }

  function toggle(category: string): void {
    const next = new Set(hidden.value)
    if (!next.delete(category)) next.add(category)
    hidden.value = next
  }

  return (
    <div class="live">
      <header class="live-head">
        <h1 tabIndex={-1}>Live</h1>
        <p class="muted small">
          {held.value.toLocaleString()} of the newest {MOST_HELD.toLocaleString()} events
        </p>
        <div class="live-search">
          <SearchInput label="Search events" value={query.value} onInput={(value) => (query.value = value)} />
        </div>
        <Check label="Pieces of answers" checked={withDeltas.value} onChange={(on) => (withDeltas.value = on)} />
        <div class="actions">
          <Button icon={paused.value ? 'play' : 'pause'} pressed={paused.value} onClick={pause}>
            {paused.value ? (waiting > 0 ? `Resume (${waiting} new)` : 'Resume') : 'Pause'}
          </Button>
          <Button icon="trash" label="Clear what is shown" kind="quiet" onClick={clearFeed} />
        </div>
        <div class="live-categories" role="group" aria-label="Categories">
          {CATEGORIES.map((category) => (
            <button
              key={category}
              type="button"
              class="chip"
              aria-pressed={!hidden.value.has(category)}
              onClick={() => toggle(category)}
            >
              {category}
            </button>
          ))}
        </div>
      </header>
      <div class="live-body">
        {shown.length === 0 ? (
          <Nothing filtered={source.length > 0} />
        ) : (
          <VirtualList
            class="live-list"
            label="Events, the newest last"
            items={shown}
            keyOf={(entry) => entry.key}
            estimate={ROW_PX}
            follow={!paused.value}
            onFollowing={(now) => (following.value = now)}
            toEnd={toEnd}
            render={row}
          />
        )}
        {!following.value && !paused.value && shown.length > 0 && (
          <div class="to-end">
            <Button icon="down" slim onClick={() => toEnd.current()}>
              Newest
            </Button>
          </div>
        )}
        {selected.value && <Detail entry={selected.value} onClose={() => (selected.value = undefined)} />}
      </div>
    </div>
  )
}

const countSince = (frozen: readonly FeedEntry[]) => {
  const newest = frozen.at(-1)?.key ?? 0
  return (feed.entries.at(-1)?.key ?? newest) - newest
}

interface RowProps {
  entry: FeedEntry
  selected: boolean
  onSelect(): void
}

function Row({ entry, selected, onSelect }: RowProps) {
  const { type, at, id } = entry
  return (
    <button type="button" class="live-row" aria-pressed={selected} onClick={onSelect}>
      <span class="muted mono live-time">{formatTime(at)}</span>
      <span class={`badge ${kindOf(type)}`}>{categoryOf(type)}</span>
      <span class="live-type">{type.slice(type.indexOf(':') + 1)}</span>
      <span class="muted clip live-summary">{summaryOf(entry)}</span>
      <span class="muted mono live-id">{id}</span>
    </button>
  )
}

const Nothing = ({ filtered }: { filtered: boolean }) =>
  filtered ? (
    <Empty icon="search" title="No event fits">
      <p>Change the search, or show more categories.</p>
    </Empty>
  ) : (
    <Empty icon="live" title="Nothing has happened yet">
      <p>Events appear here as they happen: messages, sessions, tokens used, failures, changes of the configuration.</p>
    </Empty>
  )
