import { useSignal } from '@preact/signals'
import { baseOf } from '../../../../client/http.ts'
import { GATEWAY } from '../../state/place.ts'
import { messageOf } from '../../state/session.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Note } from '../../ui/states.tsx'
import type { WebhooksConfig } from './deliveries.ts'
import { canSign, type Scheme, SCHEMES, sign } from './sign.ts'

export interface TestDialogProps {
  config: WebhooksConfig
  /** Where it is sent: of a mapping, or empty. */
  path: string
  onClose(): void
}

const SAMPLE = JSON.stringify(
  { event: 'test', source: 'dashboard', data: { text: 'Hello from the dashboard' } },
  null,
  2
)
const TIMEOUT_MS = 15_000

/** Signs a delivery as its sender would, and sends it. The secret stays in this form. */
export function TestDialog({ config, path: first, onClose }: TestDialogProps) {
  const mapping = config.mappings.find(({ match }) => match.path === first)
  const path = useSignal(first || 'webhook')
  const scheme = useSignal<Scheme>(SCHEMES.find((one) => one === mapping?.scheme) ?? 'hmac')
  const secret = useSignal('')
  const body = useSignal(SAMPLE)
  const answer = useSignal<{ status: number; text: string } | undefined>(undefined)
  const problem = useSignal('')
  const signature = { ...config.signature, ...mapping?.signature }

  async function send(): Promise<void> {
    problem.value = ''
    answer.value = undefined
    try {
      const headers = await sign({
        scheme: scheme.value,
        secret: secret.value,
        body: body.value,
        algorithm: signature.algorithm ?? 'sha256',
        header: signature.header ?? 'x-webhook-signature',
        id: `test-${Date.now()}`
      })
      const address = `${baseOf(GATEWAY)}${config.path}/${path.value.replace(/^\/+/, '')}`
      const response = await fetch(address, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: body.value,
        signal: AbortSignal.timeout(TIMEOUT_MS)
      })
      answer.value = { status: response.status, text: await response.text() }
    } catch (error) {
      problem.value = messageOf(error)
    }
  }

  return (
    <Dialog title="Send a test" wide onClose={onClose}>
      {!canSign() && scheme.value !== 'bearer' && (
        <Note kind="warn">
          The browser signs only over HTTPS or on this machine itself: open the dashboard in one of these ways.
        </Note>
      )}
      <div class="form-row">
        <TextField
          label={`Path below ${config.path}`}
          mono
          value={path.value}
          onInput={(value) => (path.value = value)}
        />
        <SelectField
          label="Scheme"
          value={scheme.value}
          options={SCHEMES.map((value) => ({ value, label: value }))}
          onChange={(value) => (scheme.value = SCHEMES.find((one) => one === value) ?? 'hmac')}
        />
      </div>
      <TextField
        label="Secret"
        hint="Of the mapping, or webhooks.token. It is not kept."
        type="password"
        autocomplete="off"
        value={secret.value}
        onInput={(value) => (secret.value = value)}
      />
      <TextField label="Body" mono rows={8} value={body.value} onInput={(value) => (body.value = value)} />
      {problem.value && <Note kind="bad">{problem.value}</Note>}
      {answer.value && (
        <div role="status">
          <span class={answer.value.status < 300 ? 'badge ok' : 'badge bad'}>{answer.value.status}</span>{' '}
          <code class="break">{answer.value.text}</code>
        </div>
      )}
      <div class="actions end">
        <Button onClick={onClose}>Close</Button>
        <Button
          kind="primary"
          icon="send"
          disabled={!secret.value || (!canSign() && scheme.value !== 'bearer')}
          onClick={send}
        >
          Sign and send
        </Button>
      </div>
    </Dialog>
  )
}
