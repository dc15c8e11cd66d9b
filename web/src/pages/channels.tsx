import { useSignal } from '@preact/signals'
import type { Result } from '../../../client/index.ts'
import { formatDuration } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { call } from '../state/session.ts'
import { toast } from '../state/toasts.ts'
import { Button } from '../ui/button.tsx'
import { Page } from '../ui/page.tsx'
import { Empty, Shown } from '../ui/states.tsx'
import { Ago } from '../ui/time.tsx'

type Channel = Result<'channels.list'>['channels'][number]

const KINDS: Record<Channel['status'], string> = {
  connected: 'ok',
  connecting: 'info',
  disconnected: '',
  error: 'bad',
  unavailable: 'warn'
}

export default function ChannelsPage() {
  const loaded = useLoad((signal) => call('channels.list', {}, signal), [])
  return (
    <Page title="Channels" about="By which messages reach people outside of the gateway, and agents hear from them.">
      <Shown of={loaded}>
        {({ channels }) =>
          channels.length === 0 ? (
            <Empty icon="channels" title="There is no channel">
              <p>
                Channels are configured under <code>channels</code> in the settings, and served by the application that
                the gateway is a part of.
              </p>
            </Empty>
          ) : (
            <div class="card table-scroll">
              <table class="table">
                <thead>
                  <tr>
                    <th scope="col">Channel</th>
                    <th scope="col">Status</th>
                    <th scope="col">Up for</th>
                    <th scope="col">Last message</th>
                    <th scope="col">
                      <span class="unseen">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {channels.map((channel) => (
                    <Row key={channel.type} channel={channel} onChanged={loaded.reload} />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Shown>
    </Page>
  )
}

function Row({ channel, onChanged }: { channel: Channel; onChanged(): void }) {
  const { type, name, enabled, status, uptime, lastMessageAt } = channel
  const problem = useSignal('')

  async function act(method: 'channels.enable' | 'channels.disable' | 'channels.restart', done: string): Promise<void> {
    await call(method, { type })
    toast(`${name} ${done}`)
    onChanged()
  }

  async function check(): Promise<void> {
    const { healthy, message, status: now } = await call('channels.health', { type })
    problem.value = healthy ? '' : (message ?? now)
    if (healthy) toast(`${name} works`)
  }

  return (
    <tr>
      <td>
        <strong>{name}</strong>
        <div class="muted small mono">{type}</div>
      </td>
      <td>
        <span class={`badge ${KINDS[status]}`}>{status}</span>
        {problem.value && <div class="bad small">{problem.value}</div>}
      </td>
      <td>{uptime === undefined ? <span class="muted">—</span> : formatDuration(uptime)}</td>
      <td>{lastMessageAt === undefined ? <span class="muted">none</span> : <Ago at={lastMessageAt} />}</td>
      <td>
        <div class="actions end">
          <Button slim onClick={check}>
            Check
          </Button>
          {enabled && (
            <Button slim onClick={() => act('channels.restart', 'is started again')}>
              Restart
            </Button>
          )}
          <Button
            slim
            onClick={() =>
              enabled ? act('channels.disable', 'is switched off') : act('channels.enable', 'is switched on')
            }
          >
            {enabled ? 'Disable' : 'Enable'}
          </Button>
        </div>
      </td>
    </tr>
  )
}
