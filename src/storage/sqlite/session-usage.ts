import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SessionUsage, UsageStore } from '../port.ts'

/** Rows that are looked at in one turn of the event loop: some milliseconds. */
const SLICE = 5000
const OF_CLIENT = '(?3 IS NULL OR client_id = ?3)'
/** The last row of a slice. */
const END = `
  SELECT client_id AS clientId, session_key AS key FROM session_usage
  WHERE (client_id, session_key) > (?1, ?2) AND ${OF_CLIENT}
  ORDER BY client_id, session_key LIMIT 1 OFFSET ${SLICE - 1}`
const LARGEST = `
  SELECT client_id AS clientId, session_key AS key, last_at AS lastAt, turns, failed, input_tokens AS input,
    output_tokens AS output, cached_input_tokens AS cachedInput, reasoning_tokens AS reasoning, cost_usd AS costUsd
  FROM (
    SELECT * FROM session_usage WHERE (client_id, session_key) > (?1, ?2) AND ${OF_CLIENT}
    ORDER BY client_id, session_key LIMIT ${SLICE}
  ) WHERE last_at >= ?4 ORDER BY input_tokens + output_tokens DESC LIMIT ?5`

interface Place {
  clientId: string
  key: string
}

/**
 * Looks through all sessions, a slice at a time. An index in the order of their tokens would make this faster and every
 * turn slower: its entry moves each time.
 */
export function largestSessions(db: DatabaseSync): UsageStore['bySession'] {
  const end = db.prepare(END)
  const largest = db.prepare(LARGEST)
  return async ({ limit, clientId, since = 0 }) => {
    let found: SessionUsage[] = []
    let after: Place | undefined = { clientId: clientId ?? '', key: '' }
    while (after) {
      const from: [string, string, string | null] = [after.clientId, after.key, clientId ?? null]
      const rows = largest.all(...from, since, limit) as unknown as SessionUsage[]
      found = [...found, ...rows].toSorted(largestFirst).slice(0, limit)
      after = end.get(...from) as unknown as Place | undefined
      if (after) await nextTurn()
    }
    return found.map((row) => ({ ...row }))
  }
}

const largestFirst = (one: SessionUsage, other: SessionUsage) => other.input + other.output - one.input - one.output
