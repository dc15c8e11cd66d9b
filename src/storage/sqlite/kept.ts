import type { DatabaseSync } from 'node:sqlite'
import type { Message } from '../../models/message.ts'
import { decodeEvent, encodeEvent } from '../../turns/entry-json.ts'
import { type Entry, interrupted } from '../../turns/event.ts'
import type { KeptEnd, KeptTurn, KeptTurnStore, StoredTurn } from '../port.ts'
import type { Writer } from './writer.ts'

const BEGIN = `
  INSERT INTO kept_turns (id, client_id, started_at, request, previous_id, input) VALUES (?, ?, ?, ?, ?, ?)`
const ADD = 'INSERT INTO kept_entries (turn_id, seq, at, event) VALUES (?, ?, ?, ?)'
const FINISH = 'UPDATE kept_turns SET finished_at = ?, output = ? WHERE id = ? AND finished_at IS NULL'
const GET = `
  SELECT id, client_id AS clientId, started_at AS startedAt, finished_at AS finishedAt, request,
    previous_id AS previousId, input
  FROM kept_turns WHERE id = ?`
const ENTRIES = 'SELECT seq, at, event FROM kept_entries WHERE turn_id = ? AND seq > ? ORDER BY seq LIMIT ?'
const MOST_TURNS = 1000
const CONVERSATION = `
  WITH RECURSIVE chain (id, previous_id, input, output, depth) AS (
    SELECT id, previous_id, input, output, 1 FROM kept_turns
      WHERE id = ?1 AND client_id = ?2 AND finished_at IS NOT NULL
    UNION ALL
    SELECT earlier.id, earlier.previous_id, earlier.input, earlier.output, depth + 1
      FROM chain JOIN kept_turns AS earlier ON earlier.id = chain.previous_id
      WHERE earlier.client_id = ?2 AND earlier.finished_at IS NOT NULL AND depth < ${MOST_TURNS}
  )
  SELECT input, output FROM chain ORDER BY depth DESC`
const REMOVE = 'DELETE FROM kept_turns WHERE id = ?'
const EXPIRE = `
  DELETE FROM kept_turns WHERE id IN (SELECT id FROM kept_turns WHERE started_at < ? ORDER BY started_at LIMIT ?)`
const UNFINISHED = `
  SELECT id, coalesce((SELECT max(seq) FROM kept_entries WHERE turn_id = id), 0) AS last
  FROM kept_turns WHERE finished_at IS NULL`

/** What the store of turns does for those that are kept, within its own writes. */
export interface KeptWrites {
  finish(id: string, end: KeptEnd, at: number): void
  /** Ends those that no process runs any more. */
  abandon(at: number): void
}

export function keptTurns(db: DatabaseSync, writer: Writer): { store: KeptTurnStore; writes: KeptWrites } {
  const [begin, add, finish, get, entries, conversation, remove, expire, unfinished] = [
    BEGIN,
    ADD,
    FINISH,
    GET,
    ENTRIES,
    CONVERSATION,
    REMOVE,
    EXPIRE,
    UNFINISHED
  ].map((sql) => db.prepare(sql)) as [S, S, S, S, S, S, S, S, S]

  function beginNow({ id, clientId, startedAt, request, previousId, input }: KeptTurn): void {
    begin.run(id, clientId, startedAt, request, previousId ?? null, JSON.stringify(input))
  }

  function addEntries(id: string, added: Entry[]): void {
    for (const { seq, at, event } of added) add.run(id, seq, at, encodeEvent(event))
  }

  return {
    store: {
      begin: (turn) => writer.run(() => beginNow(turn)),
      append: (id, added) => writer.run(() => addEntries(id, added)),
      async get(id) {
        return toTurn(get.get(id))
      },
      async entries(id, after, limit) {
        const rows = entries.all(id, after, limit) as unknown as { seq: number; at: number; event: string }[]
        return rows.map(({ seq, at, event }) => ({ seq, at, event: decodeEvent(event) }))
      },
      async conversation(id, clientId) {
        const rows = conversation.all(id, clientId) as unknown as { input: string; output: string | null }[]
        return rows.flatMap(({ input, output }) => [...(JSON.parse(input) as Message[]), ...messagesOf(output)])
      },
      remove: (id) => writer.run(() => remove.run(id).changes > 0),
      expire: (before, limit) => writer.run(() => Number(expire.run(before, limit).changes), true)
    },
    writes: {
      finish(id, { turn, output, entries: added }, at) {
        if (turn) beginNow(turn)
        if (finish.run(at, JSON.stringify(output), id).changes > 0) addEntries(id, added)
      },
      abandon(at) {
        for (const { id, last } of unfinished.all() as unknown as { id: string; last: number }[]) {
          finish.run(at, '[]', id)
          addEntries(id, [{ seq: last + 1, at, event: { type: 'finished', outcome: interrupted() } }])
        }
      }
    }
  }
}

type S = ReturnType<DatabaseSync['prepare']>

const messagesOf = (output: string | null) => (output === null ? [] : (JSON.parse(output) as Message[]))

function toTurn(row: Record<string, unknown> | undefined): StoredTurn | undefined {
  if (!row) return undefined
  const { finishedAt, previousId, input, ...turn } = row
  return {
    ...turn,
    finishedAt: finishedAt ?? undefined,
    previousId: previousId ?? undefined,
    input: JSON.parse(input as string)
  } as StoredTurn
}
