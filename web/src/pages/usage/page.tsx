import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { formatCompact, formatCost, formatCount } from '../../lib/format.ts'
import { useLoad } from '../../lib/load.ts'
import { call, ownerOf } from '../../state/session.ts'
import { Button } from '../../ui/button.tsx'
import { Link } from '../../ui/link.tsx'
import { Page } from '../../ui/page.tsx'
import { Segments } from '../../ui/segments.tsx'
import { Empty, Shown } from '../../ui/states.tsx'
import { Ago } from '../../ui/time.tsx'
import { formatValue, MOST_LINES, Plot } from './plot.tsx'
import { type Group, type Line, type Metric, type Range, readUsage, totalOf, type Usage } from './series.ts'
import './usage.css'

const RANGES = [
  { value: '24h', label: '24 hours' },
  { value: '7d', label: '7 days' },
  { value: '30d', label: '30 days' }
] as const
const GROUPS = [
  { value: 'agent', label: 'By agent' },
  { value: 'provider', label: 'By provider' },
  { value: 'model', label: 'By model' }
] as const
const METRICS = [
  { value: 'tokens', label: 'Tokens' },
  { value: 'cost', label: 'Cost' },
  { value: 'turns', label: 'Turns' }
] as const

export default function UsagePage() {
  const range = useSignal<Range>('24h')
  const group = useSignal<Group>('agent')
  const loaded = useLoad((signal) => readUsage(range.value, group.value, signal), [range.value, group.value])
  return (
    <Page
      title="Usage"
      about="What the turns used, and what that cost where a model has a price."
      actions={
        <>
          <Segments label="Range" options={RANGES} value={range.value} onChange={(next) => (range.value = next)} />
          <Button icon="refresh" label="Refresh" onClick={loaded.reload} />
        </>
      }
    >
      <Shown of={loaded}>
        {(usage) => (
          <>
            <Totals usage={usage} />
            <Over usage={usage} group={group.value} onGroup={(next) => (group.value = next)} />
          </>
        )}
      </Shown>
      <BySession since={range.value} />
    </Page>
  )
}

const Totals = ({ usage: { total } }: { usage: Usage }) => (
  <dl class="stats">
    <div class="stat">
      <dt>Turns</dt>
      <dd>
        {formatCount(total.turns)}
        {total.failed > 0 && <small class="bad">{formatCount(total.failed)} failed</small>}
      </dd>
    </div>
    <div class="stat">
      <dt>Tokens in</dt>
      <dd>
        {formatCompact(total.tokens.input)}
        {total.tokens.cachedInput > 0 && <small>{formatCompact(total.tokens.cachedInput)} from the cache</small>}
      </dd>
    </div>
    <div class="stat">
      <dt>Tokens out</dt>
      <dd>
        {formatCompact(total.tokens.output)}
        {total.tokens.reasoning > 0 && <small>{formatCompact(total.tokens.reasoning)} to reason</small>}
      </dd>
    </div>
    <div class="stat">
      <dt>Cost</dt>
      <dd>
        {formatCost(total.costUsd)}
        {total.unpriced.turns > 0 && (
          <small>without {formatCount(total.unpriced.turns)} turns that have no price</small>
        )}
      </dd>
    </div>
  </dl>
)

interface OverProps {
  usage: Usage
  group: Group
  onGroup(group: Group): void
}

function Over({ usage, group, onGroup }: OverProps) {
  const metric = useSignal<Metric>('tokens')
  const lines = useMemo(() => fewest(usage.lines), [usage])
  return (
    <section class="card" aria-label="Over time">
      <div class="card-head">
        <h2>Over time</h2>
        <Segments label="Group" options={GROUPS} value={group} onChange={onGroup} />
        <Segments label="Measure" options={METRICS} value={metric.value} onChange={(next) => (metric.value = next)} />
      </div>
      {lines.length === 0 ? (
        <Empty icon="usage" title="Nothing was used in this time">
          <p>
            <Link page="chat">Talk to an agent</Link>, and what it uses shows up here.
          </p>
        </Empty>
      ) : (
        <>
          <div class="card-body">
            <Plot usage={usage} lines={lines} metric={metric.value} />
          </div>
          <Breakdown lines={lines} />
        </>
      )}
    </section>
  )
}

/** The largest lines, and what is left as one. */
function fewest(lines: readonly Line[]): Line[] {
  if (lines.length <= MOST_LINES) return [...lines]
  const shown = lines.slice(0, MOST_LINES - 1)
  const rest = lines.slice(MOST_LINES - 1)
  const sums = (rest[0]?.sums ?? []).map((_first, index) =>
    rest.reduce(
      (total, { sums }) => {
        const sum = sums[index] ?? total
        return {
          turns: total.turns + sum.turns,
          failed: total.failed + sum.failed,
          costUsd: total.costUsd + sum.costUsd,
          tokens: { ...total.tokens, total: total.tokens.total + sum.tokens.total }
        }
      },
      { turns: 0, failed: 0, costUsd: 0, tokens: { input: 0, output: 0, cachedInput: 0, reasoning: 0, total: 0 } }
    )
  )
  return [...shown, { name: `${rest.length} others`, sums }]
}

const Breakdown = ({ lines }: { lines: readonly Line[] }) => {
  const all = lines.reduce((sum, line) => sum + totalOf(line, 'tokens'), 0)
  return (
    <div class="table-scroll">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="numeric">
              Turns
            </th>
            <th scope="col" class="numeric">
              Tokens
            </th>
            <th scope="col" class="numeric">
              Share
            </th>
            <th scope="col" class="numeric">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, index) => (
            <tr key={line.name}>
              <td>
                <span class={`swatch line-${index}`} /> <span class="mono">{line.name}</span>
              </td>
              <td class="numeric">{formatValue(totalOf(line, 'turns'), 'turns')}</td>
              <td class="numeric">{formatValue(totalOf(line, 'tokens'), 'tokens')}</td>
              <td class="numeric">{all > 0 ? `${Math.round((totalOf(line, 'tokens') / all) * 100)} %` : '—'}</td>
              <td class="numeric">{formatCost(totalOf(line, 'cost'))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const DAYS: Record<Range, number> = { '24h': 1, '7d': 7, '30d': 30 }

function BySession({ since }: { since: Range }) {
  const loaded = useLoad(
    (signal) => call('obs.billing.bySession', { limit: 10, since: Date.now() - DAYS[since] * 86_400_000 }, signal),
    [since]
  )
  return (
    <Shown of={loaded}>
      {({ sessions }) =>
        sessions.length > 0 && (
          <section class="card" aria-label="Conversations that used most">
            <div class="card-head">
              <h2>Conversations that used most</h2>
            </div>
            <div class="table-scroll">
              <table class="table">
                <thead>
                  <tr>
                    <th scope="col">Conversation</th>
                    <th scope="col">Client</th>
                    <th scope="col">Last used</th>
                    <th scope="col" class="numeric">
                      Tokens
                    </th>
                    <th scope="col" class="numeric">
                      Cost
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {sessions.map(({ sessionKey, clientId, lastAt, tokens, costUsd }) => (
                    <tr key={`${clientId} ${sessionKey}`}>
                      <td>
                        <Link page="chat" params={{ session: sessionKey, client: ownerOf(clientId) }}>
                          {sessionKey}
                        </Link>
                      </td>
                      <td>{clientId}</td>
                      <td>
                        <Ago at={lastAt} />
                      </td>
                      <td class="numeric">{formatCount(tokens.total)}</td>
                      <td class="numeric">{formatCost(costUsd)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </section>
        )
      }
    </Shown>
  )
}
