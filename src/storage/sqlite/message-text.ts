import type { DatabaseSync } from 'node:sqlite'
import type { MessageHit, MessageQuery } from '../port.ts'
import { type SearchThread, searchThread } from './search-thread.ts'
import type { Writer } from './writer.ts'

/** The text of messages, for those who search. */
export interface MessageText {
  /** There are messages that wait to be indexed. */
  wake(): void
  search: SearchThread<MessageQuery, MessageHit[]>['run']
  close(): Promise<void>
}

/**
 * Who said it and to which agent, as words to match on: a search walks along the entries of one client, and not along
 * those of all. In hexadecimal, and with a digit at its end that keeps the stemmer away from it.
 */
export const clientTerm = (clientId: string) => `c${Buffer.from(clientId).toString('hex')}0`
export const agentTerm = (agentId: string) => `a${Buffer.from(agentId).toString('hex')}0`
const SCOPE = `
  'c' || hex(client_id) || '0 a' || hex((SELECT agent_id FROM turns WHERE turns.id = messages.turn_id)) || '0'`

/** Messages of one write; and as much of each as takes some milliseconds at most. */
const BATCH = 16
const MOST_TEXT = 32_768
/** The newest first, so that what was just said is found soon even while a whole history waits. */
const NEWEST = `SELECT seq FROM message_text_waiting ORDER BY seq DESC LIMIT ${BATCH}`
const INDEX = `
  INSERT INTO message_text (rowid, scope, text)
  SELECT seq, ${SCOPE}, substr(text, 1, ${MOST_TEXT}) FROM messages WHERE seq IN (${NEWEST}) ORDER BY seq`
const DONE = `DELETE FROM message_text_waiting WHERE seq IN (${NEWEST})`

/**
 * What a batch adds to the index is merged into the rest some pages at a time: left to itself, FTS5 now and then merges so
 * many that everyone waits for tens of milliseconds.
 */
const MERGE = "INSERT INTO message_text (message_text, rank) VALUES ('merge', 16)"

/** Messages wait for company: to index some at once costs a third of what it costs one by one. */
const WAIT_MS = 500
/** Between two writes, while many wait. */
const PAUSE_MS = 20
const RETRY_MS = 5000
/** Writes that a search waits for. */
const CATCH_UP = 8

/**
 * Indexes messages apart from storing them, some at a time: it costs more than to store them, and nobody who waits for an
 * answer is to wait for it.
 * @param path of the database, for the thread that searches
 */
export function messageText(db: DatabaseSync, writer: Writer, path: string): MessageText {
  const thread = searchThread<MessageQuery, MessageHit[]>('message-search', path)
  const waiting = db.prepare('SELECT 1 FROM message_text_waiting LIMIT 1')
  const index = db.prepare(INDEX)
  const done = db.prepare(DONE)
  const merge = db.prepare(MERGE)
  let timer: NodeJS.Timeout | undefined
  let closed = false

  /** @returns whether more of them may wait */
  async function indexSome(deferred: boolean): Promise<boolean> {
    if (!waiting.get()) return false
    return writer.run(() => {
      index.run()
      return done.run().changes === BATCH
    }, deferred)
  }

  function schedule(ms: number): void {
    if (closed) return
    timer ??= setTimeout(() => void work(), ms).unref()
  }

  async function work(): Promise<void> {
    timer = undefined
    try {
      // Both go with a commit of others, if there is one soon: a commit is what takes the longest.
      const [more] = await Promise.all([indexSome(true), writer.run(() => merge.run(), true)])
      if (!more) return
      clearTimeout(timer)
      timer = undefined
      schedule(PAUSE_MS)
    } catch {
      schedule(RETRY_MS) // what waits is kept, and whoever searches meanwhile is told of the failure
    }
  }

  async function catchUp(): Promise<void> {
    for (let writes = 0; writes < CATCH_UP; writes++) if (!(await indexSome(false))) return
  }

  schedule(WAIT_MS)
  return {
    wake: () => schedule(WAIT_MS),
    async search(query, signal) {
      await catchUp()
      return thread.run(query, signal)
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await thread.close()
    }
  }
}
