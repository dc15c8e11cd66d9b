import { useSignal } from '@preact/signals'
import type { Params, Result } from '../../../client/index.ts'
import { formatMoment } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { call, fail, session } from '../state/session.ts'
import { toast } from '../state/toasts.ts'
import { Button } from '../ui/button.tsx'
import { Copy } from '../ui/copy.tsx'
import { confirm, Dialog } from '../ui/dialog.tsx'
import { Check, TextField } from '../ui/field.tsx'
import { Page } from '../ui/page.tsx'
import { Note, Shown } from '../ui/states.tsx'
import { Ago } from '../ui/time.tsx'

type Token = Result<'tokens.list'>['tokens'][number]
type Made = Result<'tokens.create'> & { previousEndsAt?: number }
type Scope = Params<'tokens.create'>['scopes'][number]

const SCOPES: { scope: Scope; about: string }[] = [
  { scope: 'rpc', about: 'talk to agents, read one’s own conversations and the events' },
  { scope: 'admin', about: 'operate the gateway: agents, tokens, settings, the sessions of all' },
  { scope: 'api', about: 'only the OpenAI-compatible /v1' },
  { scope: '*', about: 'all of these' },
  { scope: 'mcp-client', about: 'only /mcp/v1, and nothing beside it' }
]

export default function TokensPage() {
  const loaded = useLoad((signal) => call('tokens.list', {}, signal), [])
  const creating = useSignal(false)
  const made = useSignal<Made | undefined>(undefined)

  function show(token: Made): void {
    creating.value = false
    made.value = token
    loaded.reload()
  }

  return (
    <Page
      title="Tokens"
      about="Who may come in, and what they may do. A secret is shown once, when it is made."
      actions={
        <Button icon="plus" kind="primary" onClick={() => (creating.value = true)}>
          New token
        </Button>
      }
    >
      <Shown of={loaded}>
        {({ tokens }) => (
          <div class="card table-scroll">
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">Client</th>
                  <th scope="col">Scopes</th>
                  <th scope="col">Fingerprint</th>
                  <th scope="col">Ends</th>
                  <th scope="col">Last used</th>
                  <th scope="col">
                    <span class="unseen">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {tokens.map((token) => (
                  <Row key={`${token.id} ${token.fingerprint}`} token={token} onMade={show} onChanged={loaded.reload} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Shown>
      {creating.value && <CreateDialog onClose={() => (creating.value = false)} onMade={show} />}
      {made.value && <SecretDialog made={made.value} onClose={() => (made.value = undefined)} />}
    </Page>
  )
}

interface RowProps {
  token: Token
  onMade(token: Made): void
  onChanged(): void
}

function Row({ token, onMade, onChanged }: RowProps) {
  const { id, scopes, fingerprint, source, expiresAt, lastUsedAt } = token
  const me = session.value
  const own = me && me !== 'pending' && me.clientId === id

  async function rotate(): Promise<void> {
    const text = `“${id}” gets a new secret. The ones it has go on working for five minutes, and end then.`
    if (!(await confirm({ title: 'Make a new secret?', text, action: 'Rotate' }))) return
    onMade(await call('tokens.rotate', { id }))
  }

  async function revoke(): Promise<void> {
    const what = own ? 'This is the token you are signed in with: you are signed out at once.' : 'It ends at once.'
    const text = `All secrets of “${id}” are revoked. ${what} What it has open is closed.`
    if (!(await confirm({ title: 'Revoke the token?', text, action: 'Revoke', danger: true }))) return
    await call('tokens.revoke', { id })
    toast(`${id} is revoked`)
    onChanged()
  }

  return (
    <tr>
      <td>
        <strong>{id}</strong> {own && <span class="badge accent">you</span>}
        <div class="muted small">{source === 'config' ? 'from the configuration' : 'made here'}</div>
      </td>
      <td>
        <div class="actions">
          {scopes.map((scope) => (
            <span key={scope} class="badge mono">
              {scope}
            </span>
          ))}
        </div>
      </td>
      <td class="mono">{fingerprint}</td>
      <td>{expiresAt === undefined ? <span class="muted">never</span> : <Ago at={expiresAt} />}</td>
      <td>{lastUsedAt === undefined ? <span class="muted">not yet</span> : <Ago at={lastUsedAt} />}</td>
      <td>
        <div class="actions end">
          <Button slim onClick={rotate} label={`Rotate ${id}`}>
            Rotate
          </Button>
          <Button slim danger onClick={revoke} label={`Revoke ${id}`}>
            Revoke
          </Button>
        </div>
      </td>
    </tr>
  )
}

function CreateDialog({ onClose, onMade }: { onClose(): void; onMade(token: Made): void }) {
  const id = useSignal('')
  const scopes = useSignal<readonly Scope[]>(['rpc'])
  const ends = useSignal('')

  async function create(): Promise<void> {
    const [first, ...rest] = scopes.value
    if (!first) return
    try {
      const expiresAt = ends.value ? new Date(ends.value).getTime() : undefined
      onMade(await call('tokens.create', { id: id.value, scopes: [first, ...rest], expiresAt }))
    } catch (error) {
      fail(error)
    }
  }

  const toggle = (scope: Scope, on: boolean) =>
    (scopes.value = on ? [...scopes.value, scope] : scopes.value.filter((one) => one !== scope))

  return (
    <Dialog title="New token" onClose={onClose}>
      <TextField
        label="Client id"
        hint="It names the client in logs, and owns its sessions."
        required
        autocomplete="off"
        value={id.value}
        onInput={(value) => (id.value = value)}
      />
      <fieldset class="form" style={{ border: 0, padding: 0, gap: '0.5rem' }}>
        <legend class="small" style={{ fontWeight: 560, marginBottom: '0.4rem' }}>
          Scopes
        </legend>
        {SCOPES.map(({ scope, about }) => (
          <Check
            key={scope}
            checked={scopes.value.includes(scope)}
            onChange={(on) => toggle(scope, on)}
            label={
              <>
                <span class="mono">{scope}</span> <span class="muted">{about}</span>
              </>
            }
          />
        ))}
      </fieldset>
      <TextField
        label="Ends at"
        hint="Left out: it does not end by itself."
        type="datetime-local"
        value={ends.value}
        onInput={(value) => (ends.value = value)}
      />
      <div class="actions end">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" disabled={!id.value || scopes.value.length === 0} onClick={create}>
          Create
        </Button>
      </div>
    </Dialog>
  )
}

const SecretDialog = ({ made: { id, secret, previousEndsAt }, onClose }: { made: Made; onClose(): void }) => (
  <Dialog title={`The secret of ${id}`} onClose={onClose}>
    <Note kind="warn">It is shown this once. Keep it where secrets are kept.</Note>
    <div class="secret">
      <code>{secret}</code>
      <Copy text={secret} label="Copy the secret" />
    </div>
    {previousEndsAt !== undefined && <p class="muted small">The one before ends {formatMoment(previousEndsAt)}.</p>}
    <div class="actions end">
      <Button kind="primary" onClick={onClose}>
        Done
      </Button>
    </div>
  </Dialog>
)
