import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { useLoad } from '../../lib/load.ts'
import { onEvent } from '../../state/feed.ts'
import { toast } from '../../state/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { confirm, Dialog } from '../../ui/dialog.tsx'
import { Link } from '../../ui/link.tsx'
import { Page } from '../../ui/page.tsx'
import { Segments } from '../../ui/segments.tsx'
import { Empty, Shown } from '../../ui/states.tsx'
import { Ago } from '../../ui/time.tsx'
import {
  act,
  type Delivery,
  getDelivery,
  listDeliveries,
  type Mapping,
  readWebhooks,
  type State
} from './deliveries.ts'
import { TestDialog } from './test-dialog.tsx'

export default function WebhooksPage() {
  const loaded = useLoad(readWebhooks, [])
  const testing = useSignal<string | undefined>(undefined)
  return (
    <Page
      title="Webhooks"
      about="Other systems tell of something, signed, and an agent is woken by it."
      actions={
        loaded.data?.webhooks?.enabled && (
          <Button icon="send" onClick={() => void (testing.value = '')}>
            Send a test
          </Button>
        )
      }
    >
      <Shown of={loaded}>
        {({ webhooks: config }) => {
          if (!config?.enabled) return <Off />
          return (
            <>
              <Mappings
                mappings={config.mappings}
                presets={config.presets}
                path={config.path}
                onTest={(path) => (testing.value = path)}
              />
              <Deliveries />
              {testing.value !== undefined && (
                <TestDialog config={config} path={testing.value} onClose={() => (testing.value = undefined)} />
              )}
            </>
          )
        }}
      </Shown>
    </Page>
  )
}

const Off = () => (
  <Empty icon="webhooks" title="Webhooks are off">
    <p>
      They are switched on in the <Link page="settings">settings</Link> or in the configuration file, with{' '}
      <code>webhooks.enabled</code>, a secret and mappings.
    </p>
  </Empty>
)

interface MappingsProps {
  mappings: readonly Mapping[]
  presets: readonly string[]
  path: string
  onTest(path: string): void
}

const Mappings = ({ mappings, presets, path, onTest }: MappingsProps) => (
  <section class="card" aria-label="Mappings">
    <div class="card-head">
      <h2>Mappings</h2>
      {presets.map((preset) => (
        <span key={preset} class="badge accent">
          preset {preset}
        </span>
      ))}
    </div>
    {mappings.length === 0 ? (
      <Empty icon="webhooks" title="No mapping is configured" />
    ) : (
      <div class="table-scroll">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Mapping</th>
              <th scope="col">Address</th>
              <th scope="col">Signed by</th>
              <th scope="col">Action</th>
              <th scope="col">
                <span class="unseen">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {mappings.map((mapping) => (
              <tr key={mapping.id}>
                <td>
                  <strong>{mapping.name ?? mapping.id}</strong>
                  <div class="muted small clip">{mapping.messageTemplate ?? mapping.textTemplate}</div>
                </td>
                <td class="mono">
                  {path}/{mapping.match.path}
                  {mapping.match.source && <div class="muted">source {mapping.match.source}</div>}
                </td>
                <td>
                  <span class="badge">{mapping.scheme}</span>
                </td>
                <td>
                  {mapping.action} {mapping.agentId && <span class="muted">→ {mapping.agentId}</span>}
                </td>
                <td>
                  <div class="actions end">
                    <Button slim icon="test" onClick={() => onTest(mapping.match.path)}>
                      Test
                    </Button>
                  </div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    )}
  </section>
)

const VIEWS = [
  { value: 'all', label: 'All' },
  { value: 'waiting', label: 'Waiting' },
  { value: 'dead', label: 'Dead letters' }
] as const
const KINDS: Record<State, string> = {
  waiting: 'info',
  running: 'info',
  held: 'warn',
  handed: 'info',
  done: 'ok',
  dead: 'bad',
  discarded: ''
}
const PAGE = 50

function Deliveries() {
  const view = useSignal<(typeof VIEWS)[number]['value']>('all')
  const limit = useSignal(PAGE)
  const round = useSignal(0)
  const opened = useSignal<string | undefined>(undefined)
  const loaded = useLoad(
    (signal) => listDeliveries({ state: view.value === 'all' ? undefined : view.value, limit: limit.value }, signal),
    [view.value, limit.value, round.value]
  )

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const stop = onEvent(({ type }) => {
      if (!type.startsWith('webhook:') && !type.startsWith('message:')) return
      timer ??= setTimeout(() => {
        timer = undefined
        round.value++
      }, 500)
    })
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [])

  return (
    <section class="card" aria-label="Deliveries">
      <div class="card-head">
        <h2>Deliveries</h2>
        <Segments label="Which" options={VIEWS} value={view.value} onChange={(next) => (view.value = next)} />
      </div>
      <Shown of={loaded}>
        {({ deliveries, next }) =>
          deliveries.length === 0 ? (
            <Empty
              icon="webhooks"
              title={view.value === 'dead' ? 'Nothing has failed for good' : 'Nothing was delivered'}
            />
          ) : (
            <>
              <DeliveryTable deliveries={deliveries} onOpen={(id) => (opened.value = id)} onChanged={loaded.reload} />
              {next && limit.value < 200 && (
                <div class="card-body actions">
                  <Button onClick={() => void (limit.value = Math.min(200, limit.value + PAGE))}>Show more</Button>
                </div>
              )}
            </>
          )
        }
      </Shown>
      {opened.value && <DeliveryDialog id={opened.value} onClose={() => (opened.value = undefined)} />}
    </section>
  )
}

interface TableProps {
  deliveries: readonly Delivery[]
  onOpen(id: string): void
  onChanged(): void
}

const DeliveryTable = ({ deliveries, onOpen, onChanged }: TableProps) => (
  <div class="table-scroll">
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Delivery</th>
          <th scope="col">State</th>
          <th scope="col" class="numeric">
            Attempts
          </th>
          <th scope="col">Received</th>
          <th scope="col">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <Row key={delivery.id} delivery={delivery} onOpen={onOpen} onChanged={onChanged} />
        ))}
      </tbody>
    </table>
  </div>
)

const OVER: ReadonlySet<State> = new Set(['done', 'dead', 'discarded'])
const OPEN: ReadonlySet<State> = new Set(['waiting', 'held', 'dead'])

interface RowProps extends Omit<TableProps, 'deliveries'> {
  delivery: Delivery
}

function Row({
  delivery: { id, mapping, senderId, state, attempts, reason, receivedAt, dueAt },
  onOpen,
  onChanged
}: RowProps) {
  async function replay(): Promise<void> {
    await act('webhooks.replay', id)
    toast('It is started again')
    onChanged()
  }

  async function discard(): Promise<void> {
    const text = 'No attempt is made any more. It can still be replayed, until it is forgotten.'
    if (!(await confirm({ title: 'Discard the delivery?', text, action: 'Discard', danger: true }))) return
    await act('webhooks.discard', id)
    toast('Discarded')
    onChanged()
  }

  return (
    <tr>
      <td>
        <strong>{mapping}</strong>
        <div class="muted small mono break">{senderId}</div>
      </td>
      <td>
        <span class={`badge ${KINDS[state]}`}>{state}</span>
        {reason && <div class="small bad break">{reason}</div>}
        {state === 'waiting' && dueAt !== undefined && (
          <div class="small muted">
            next <Ago at={dueAt} />
          </div>
        )}
      </td>
      <td class="numeric">{attempts}</td>
      <td>
        <Ago at={receivedAt} />
      </td>
      <td>
        <div class="actions end">
          <Button slim onClick={() => onOpen(id)}>
            Open
          </Button>
          {OVER.has(state) && (
            <Button slim icon="refresh" onClick={replay}>
              Replay
            </Button>
          )}
          {OPEN.has(state) && (
            <Button slim danger onClick={discard}>
              Discard
            </Button>
          )}
        </div>
      </td>
    </tr>
  )
}

function DeliveryDialog({ id, onClose }: { id: string; onClose(): void }) {
  const loaded = useLoad((signal) => getDelivery(id, signal), [id])
  return (
    <Dialog title="Delivery" wide onClose={onClose}>
      <Shown of={loaded}>
        {(delivery) => (
          <pre class="json" tabIndex={0} aria-label="Delivery">
            {JSON.stringify(delivery, null, 2)}
          </pre>
        )}
      </Shown>
    </Dialog>
  )
}
