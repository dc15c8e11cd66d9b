import { dismiss, toasts } from '../state/toasts.ts'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

/** What is told for a moment. The region is always there: screen readers only read what is put into one they know. */
export const Toasts = () => (
  <div class="toasts" role="status" aria-live="polite" aria-label="Notices">
    {toasts.value.map(({ id, text, kind }) => (
      <div key={id} class={`toast ${kind}`}>
        <Icon name={kind === 'ok' ? 'check' : 'alert'} />
        <p>{text}</p>
        <Button icon="close" label="Dismiss" kind="quiet" slim onClick={() => dismiss(id)} />
      </div>
    ))}
  </div>
)
