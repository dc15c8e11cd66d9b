import { useSignal } from '@preact/signals'
import type { Result } from '../../../../client/index.ts'
import { formatCompact } from '../../lib/format.ts'
import { useLoad } from '../../lib/load.ts'
import { call, may } from '../../state/session.ts'
import { toast } from '../../state/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/dialog.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, Shown } from '../../ui/states.tsx'
import { AgentDialog } from './agent-dialog.tsx'
import { TestDialog } from './test-dialog.tsx'

type Agent = Result<'agents.list'>['agents'][number]
type Opened = { what: 'new' } | { what: 'edit' | 'test'; agent: Agent }

export default function AgentsPage() {
  const loaded = useLoad((signal) => call('agents.list', {}, signal), [])
  const opened = useSignal<Opened | undefined>(undefined)
  const close = () => (opened.value = undefined)
  const show = opened.value
  return (
    <Page
      title="Agents"
      about="Who answers: a model with a persona, tools and a memory."
      actions={
        may('admin') && (
          <Button icon="plus" kind="primary" onClick={() => void (opened.value = { what: 'new' })}>
            New agent
          </Button>
        )
      }
    >
      <Shown of={loaded}>
        {({ agents }) =>
          agents.length === 0 ? (
            <Empty icon="agents" title="There is no agent" />
          ) : (
            <div class="card table-scroll">
              <table class="table">
                <thead>
                  <tr>
                    <th scope="col">Agent</th>
                    <th scope="col">Model</th>
                    <th scope="col">Status</th>
                    <th scope="col" class="numeric">
                      Messages today
                    </th>
                    <th scope="col" class="numeric">
                      Tokens today
                    </th>
                    <th scope="col">
                      <span class="unseen">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {agents.map((agent) => (
                    <Row
                      key={agent.id}
                      agent={agent}
                      onOpen={(what) => (opened.value = { what, agent })}
                      onChanged={loaded.reload}
                    />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Shown>
      {(show?.what === 'new' || show?.what === 'edit') && (
        <AgentDialog
          id={show.what === 'edit' ? show.agent.id : undefined}
          onClose={close}
          onSaved={() => {
            close()
            loaded.reload()
          }}
        />
      )}
      {show?.what === 'test' && <TestDialog agent={show.agent} onClose={close} />}
    </Page>
  )
}

interface RowProps {
  agent: Agent
  onOpen(what: 'edit' | 'test'): void
  onChanged(): void
}

function Row({ agent, onOpen, onChanged }: RowProps) {
  const { id, name, provider, model, status, messagesToday, tokenUsageToday } = agent
  const active = status === 'active'

  async function toggle(): Promise<void> {
    await call(active ? 'agents.suspend' : 'agents.resume', { agentId: id })
    toast(active ? `${name} is suspended: it refuses new messages` : `${name} answers again`)
    onChanged()
  }

  async function remove(): Promise<void> {
    const text = `The agent “${name}” is removed. Its conversations stay, and can still be read.`
    if (!(await confirm({ title: 'Delete the agent?', text, action: 'Delete', danger: true }))) return
    await call('agents.delete', { agentId: id })
    toast(`${name} is deleted`)
    onChanged()
  }

  return (
    <tr>
      <td>
        <strong>{name}</strong>
        <div class="muted small mono">{id}</div>
      </td>
      <td class="mono">{[provider, model].filter(Boolean).join('/')}</td>
      <td>
        <span class={active ? 'badge ok' : 'badge warn'}>{status}</span>
      </td>
      <td class="numeric">{formatCompact(messagesToday)}</td>
      <td class="numeric">{formatCompact(tokenUsageToday)}</td>
      <td>
        <div class="actions end">
          <Button slim icon="test" disabled={!active} onClick={() => onOpen('test')}>
            Test
          </Button>
          {may('admin') && (
            <>
              <Button slim onClick={toggle}>
                {active ? 'Suspend' : 'Resume'}
              </Button>
              <Button slim icon="edit" label={`Edit ${name}`} onClick={() => onOpen('edit')} />
              <Button slim icon="trash" danger label={`Delete ${name}`} onClick={remove} />
            </>
          )}
        </div>
      </td>
    </tr>
  )
}
