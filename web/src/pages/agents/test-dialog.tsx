import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { client, messageOf } from '../../state/session.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Note } from '../../ui/states.tsx'

export interface TestDialogProps {
  agent: { id: string; name: string }
  onClose(): void
}

interface Outcome {
  text: string
  firstMs?: number
  totalMs?: number
  tokens?: number
  error?: string
}

/** Asks an agent something in a conversation of its own, and tells how long it took. */
export function TestDialog({ agent: { id, name }, onClose }: TestDialogProps) {
  const message = useSignal('Say hello in one sentence.')
  const outcome = useSignal<Outcome | undefined>(undefined)
  const stop = useRef(new AbortController())
  useEffect(() => () => stop.current.abort(), [])

  async function ask(): Promise<void> {
    const begun = performance.now()
    const since = () => Math.round(performance.now() - begun)
    const told: Outcome = { text: '' }
    const show = () => (outcome.value = { ...told })
    show()
    try {
      const request = { message: message.value, agentId: id }
      for await (const event of client().chat(request, { signal: stop.current.signal })) {
        if (event.type === 'text') {
          told.text += event.delta
          told.firstMs ??= since()
        }
        if (event.type === 'done') {
          told.totalMs = since()
          told.tokens = event.tokensUsed.total
        }
        show()
      }
    } catch (error) {
      if (!stop.current.signal.aborted) outcome.value = { ...told, error: messageOf(error) }
    }
  }

  const shown = outcome.value
  return (
    <Dialog title={`Test ${name}`} onClose={onClose}>
      <TextField label="Message" rows={2} value={message.value} onInput={(value) => (message.value = value)} />
      <div class="actions">
        <Button kind="primary" disabled={!message.value.trim()} onClick={ask}>
          Ask
        </Button>
        {shown?.totalMs !== undefined && (
          <span class="muted small" role="status">
            First word after {shown.firstMs ?? shown.totalMs} ms, all after {shown.totalMs} ms, {shown.tokens} tokens
          </span>
        )}
      </div>
      {shown?.text && <p class="json">{shown.text}</p>}
      {shown?.error && <Note kind="bad">{shown.error}</Note>}
    </Dialog>
  )
}
