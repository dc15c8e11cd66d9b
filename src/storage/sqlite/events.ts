import type { DatabaseSync } from 'node:sqlite'
import type { EventStore, JournalEntry, NewEvent } from '../port.ts'
import type { Writer } from './writer.ts'

const COLUMNS = 'id, type, payload, at, agent_id AS agentId, session_key AS sessionKey, owner'
const APPEND = 'INSERT INTO events (type, payload, at, agent_id, session_key, owner) VALUES (?, ?, ?, ?, ?, ?)'
const AFTER = `SELECT ${COLUMNS} FROM events WHERE id > ? ORDER BY id LIMIT ?`
const LATEST = `SELECT ${COLUMNS} FROM events ORDER BY id DESC LIMIT ?`
/** Two short walks along the index in place of one through everything that belongs to others. */
const LATEST_OF = `
  SELECT * FROM (SELECT ${COLUMNS} FROM events WHERE owner = ?1 ORDER BY id DESC LIMIT ?2)
  UNION ALL SELECT * FROM (SELECT ${COLUMNS} FROM events WHERE owner IS NULL ORDER BY id DESC LIMIT ?2)
  ORDER BY id DESC LIMIT ?2`
const BOUNDS = `
  SELECT (SELECT min(id) FROM events) AS first, (SELECT seq FROM sqlite_sequence WHERE name = 'events') AS last`
/** The newest of some of the oldest that may go: rows are in the order of both id and time. */
const PRUNABLE = `
  SELECT max(id) AS upTo FROM (SELECT id, at FROM events ORDER BY id LIMIT ?) WHERE at < ? OR id <= ?`
const PRUNE = 'DELETE FROM events WHERE id <= ?'

/** Rows of one write: more would keep everyone waiting. */
const PRUNE_ROWS = 2000

/** Adds events to the journal within a write of any store; they are told after its commit. */
export type AppendEvents = (events: readonly NewEvent[]) => void

export function appendEvents(db: DatabaseSync, writer: Writer): AppendEvents {
  const insert = db.prepare(APPEND)
  return (events) => {
    for (const event of events) {
      const { type, payload, at, agentId, sessionKey, owner } = event
      const { lastInsertRowid } = insert.run(type, payload, at, agentId ?? null, sessionKey ?? null, owner ?? null)
      writer.tellLater({ ...event, id: Number(lastInsertRowid) })
    }
  }
}

export function eventStore(db: DatabaseSync, writer: Writer, append: AppendEvents): EventStore {
  const [after, latest, latestOf, bounds, prunable, prune] = [AFTER, LATEST, LATEST_OF, BOUNDS, PRUNABLE, PRUNE].map(
    (sql) => db.prepare(sql)
  ) as [Statement, Statement, Statement, Statement, Statement, Statement]

  function boundsNow(): { first: number; last: number } {
    const row = bounds.get() as { first: number | null; last: number | null }
    const last = row.last ?? 0
    return { first: row.first ?? last + 1, last }
  }

  return {
    append: (events, deferred) => writer.run(() => append(events), deferred),
    async after(id, limit) {
      return (after.all(id, limit) as unknown as Row[]).map(toEntry)
    },
    async latest(limit, clientId) {
      const rows = clientId === undefined ? latest.all(limit) : latestOf.all(clientId, limit)
      return (rows as unknown as Row[]).reverse().map(toEntry)
    },
    async bounds() {
      return boundsNow()
    },
    async prune(before, keepCount) {
      let upTo: number | null
      do {
        const oldestKept = boundsNow().last - keepCount
        upTo = (prunable.get(PRUNE_ROWS, before, oldestKept) as { upTo: number | null }).upTo
        const id = upTo
        if (id !== null) await writer.run(() => prune.run(id), true)
      } while (upTo !== null)
    },
    onAppended(listener) {
      writer.onEvents = listener
    }
  }
}

type Statement = ReturnType<DatabaseSync['prepare']>
type Row = { [K in keyof JournalEntry]-?: NonNullable<JournalEntry[K]> | null }

const toEntry = ({ agentId, sessionKey, owner, ...row }: Row) =>
  ({
    ...row,
    agentId: agentId ?? undefined,
    sessionKey: sessionKey ?? undefined,
    owner: owner ?? undefined
  }) as JournalEntry
