import type { DatabaseSync } from 'node:sqlite'
import type { Usage } from '../../turns/event.ts'
import type { AgentUsage, HourUsage, ModelUsage, SessionRef, UsageRange, UsageStore, UsageSums } from '../port.ts'
import type { AppendEvents } from './events.ts'
import { largestSessions } from './session-usage.ts'
import type { Writer } from './writer.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** One row each for the hour and the day, of all clients and of its own. */
const COUNT = `
  INSERT INTO usage
  SELECT whose.column1, span.column1, ?2 - ?2 % span.column1, ?3, ?4, ?5, 1, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13
  FROM (VALUES (''), (?1)) AS whose, (VALUES (${HOUR_MS}), (${DAY_MS})) AS span WHERE true
  ON CONFLICT DO UPDATE SET turns = turns + 1, failed = failed + excluded.failed,
    input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens,
    cached_input_tokens = cached_input_tokens + excluded.cached_input_tokens,
    reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens, cost_usd = cost_usd + excluded.cost_usd,
    unpriced_turns = unpriced_turns + excluded.unpriced_turns,
    unpriced_tokens = unpriced_tokens + excluded.unpriced_tokens`
const COUNT_IN_SESSION = `
  INSERT INTO session_usage VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9)
  ON CONFLICT DO UPDATE SET last_at = max(last_at, excluded.last_at), turns = turns + 1, failed = failed + excluded.failed,
    input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens,
    cached_input_tokens = cached_input_tokens + excluded.cached_input_tokens,
    reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens, cost_usd = cost_usd + excluded.cost_usd`
const SUMS = `
  total(turns) AS turns, total(failed) AS failed, total(input_tokens) AS input, total(output_tokens) AS output,
  total(cached_input_tokens) AS cachedInput, total(reasoning_tokens) AS reasoning, total(cost_usd) AS costUsd,
  total(unpriced_turns) AS unpricedTurns, total(unpriced_tokens) AS unpricedTokens`
const SINCE = `
  SELECT coalesce((SELECT max(at) FROM usage_resets),
    (SELECT min(start) FROM usage WHERE client_id = '' AND span_ms = ${HOUR_MS})) AS since`
const FORGET = 'DELETE FROM usage; DELETE FROM session_usage; DELETE FROM usage_resets'

/** The whole days of a stretch of time, and the hours before and after them. */
const spansOf = (columns: string) => `
  SELECT ${columns}, ${SUMS} FROM (
    SELECT * FROM usage WHERE client_id = ?1 AND span_ms = ${HOUR_MS} AND start >= ?2 AND start < ?3
    UNION ALL SELECT * FROM usage WHERE client_id = ?1 AND span_ms = ${DAY_MS} AND start >= ?3 AND start < ?4
    UNION ALL SELECT * FROM usage WHERE client_id = ?1 AND span_ms = ${HOUR_MS} AND start >= ?4 AND start < ?5
  )`
const BY_HOUR = `
  SELECT start, ${SUMS} FROM usage WHERE client_id = ? AND span_ms = ${HOUR_MS} AND start >= ? AND start < ?
  GROUP BY start`

/** A turn that ended, as it counts. */
export interface CountedTurn {
  clientId: string
  session?: SessionRef
  agentId?: string | null
  provider?: string
  model?: string
  finishedAt: number
  failed: boolean
  usage: Usage
  costUsd?: number
}

/** Adds a turn to the sums within the write that stores its end. */
export type CountTurn = (turn: CountedTurn) => void

/** The sums: how they are read, and how a turn is added to them. */
export function usageSums(
  db: DatabaseSync,
  writer: Writer,
  append: AppendEvents
): { store: UsageStore; count: CountTurn } {
  let revision = 0
  const addTurn = db.prepare(COUNT)
  const addToSession = db.prepare(COUNT_IN_SESSION)
  const all = db.prepare(`SELECT ${SUMS} FROM usage WHERE client_id = '' AND span_ms = ${DAY_MS}`)
  const byModel = db.prepare(`${spansOf('provider, model')} GROUP BY provider, model`)
  const byAgent = db.prepare(`${spansOf('agent_id AS agentId')} GROUP BY agent_id`)
  const byHour = db.prepare(BY_HOUR)
  const since = db.prepare(SINCE)
  const recordReset = db.prepare('INSERT INTO usage_resets (at) VALUES (?)')

  const count: CountTurn = (turn) => {
    revision++
    const { clientId, session, agentId, provider, model, finishedAt, failed, usage, costUsd } = turn
    const { input, output, cachedInput = 0, reasoning = 0 } = usage
    const sums = [failed ? 1 : 0, input, output, cachedInput, reasoning, costUsd ?? 0]
    const isUnpriced = model !== undefined && costUsd === undefined
    const unpriced = isUnpriced ? [1, input + output] : [0, 0]
    addTurn.run(clientId, finishedAt, provider ?? '', model ?? '', agentId ?? '', ...sums, ...unpriced)
    if (session) addToSession.run(session.clientId, session.key, finishedAt, ...sums)
  }

  function resetNow(at: number, toEvents: Parameters<UsageStore['reset']>[1]): void {
    revision++
    const sums = { ...all.get() } as unknown as UsageSums
    db.exec(FORGET)
    recordReset.run(at)
    append(toEvents(sums))
  }

  const store: UsageStore = {
    get revision() {
      return revision
    },
    async byModel(range) {
      const rows = byModel.all(range.clientId ?? '', ...boundsOf(range)) as unknown as ModelUsage[]
      return rows.map((row) => ({ ...row, provider: row.provider || undefined, model: row.model || undefined }))
    },
    async byAgent(range) {
      const rows = byAgent.all(range.clientId ?? '', ...boundsOf(range)) as unknown as AgentUsage[]
      return rows.map((row) => ({ ...row, agentId: row.agentId || undefined }))
    },
    async byHour({ clientId = '', since = 0, until = LAST }) {
      return (byHour.all(clientId, since, until) as unknown as HourUsage[]).map((row) => ({ ...row }))
    },
    bySession: largestSessions(db),
    async since() {
      return (since.get() as { since: number | null }).since ?? undefined
    },
    reset: (at, toEvents) => writer.run(() => resetNow(at, toEvents))
  }
  return { store, count }
}

/** After all times there are. */
const LAST = 8_640_000_000_000_000

/** Where the hours before the first whole day begin, that day, the end of the last one, and the end of the hours after it. */
function boundsOf({ since = 0, until = LAST }: UsageRange): [number, number, number, number] {
  const firstDay = Math.min(Math.ceil(since / DAY_MS) * DAY_MS, until)
  const lastDay = Math.max(Math.floor(until / DAY_MS) * DAY_MS, firstDay)
  return [since, firstDay, lastDay, until]
}
