import type { DatabaseSync } from 'node:sqlite'
import type { IdleSession, SessionRef, SessionStore } from '../port.ts'
import type { AppendEvents } from './events.ts'
import type { MessageText } from './message-text.ts'
import { foldTitle, sessionList } from './session-list.ts'
import { toSeq } from './place.ts'
import { sessionMessages } from './session-messages.ts'
import type { Writer } from './writer.ts'

const IDLE = `
  SELECT client_id AS clientId, key, agent_id AS agentId FROM sessions
  WHERE expired_at IS NULL AND updated_at < ? AND NOT EXISTS (
    SELECT 1 FROM turns
    WHERE finished_at IS NULL AND session_client_id = sessions.client_id AND session_key = key)
  ORDER BY updated_at LIMIT ?`
const OF = 'client_id = ?1 AND session_key = ?2'
const FROM_NOW = `summary = NULL, starts_after = coalesce((SELECT max(seq) FROM messages WHERE ${OF}), 0)`
const EXPIRE = `UPDATE sessions SET expired_at = ?3, ${FROM_NOW} WHERE client_id = ?1 AND key = ?2`
const RESET = `UPDATE sessions SET ${FROM_NOW} WHERE client_id = ?1 AND key = ?2`
const RENAME = 'UPDATE sessions SET title = ?, title_folded = ? WHERE client_id = ? AND key = ?'
const COMPACT = `
  UPDATE sessions SET summary = ?, starts_after = ? WHERE client_id = ? AND key = ? AND starts_after = ?`

const REMOVE_SOME = `DELETE FROM messages WHERE seq IN (SELECT seq FROM messages WHERE ${OF} ORDER BY seq LIMIT ?3)`
const HAS_MESSAGES = `SELECT 1 FROM messages WHERE ${OF} LIMIT 1`
const UNCOUNT = 'UPDATE sessions SET message_count = message_count - ? WHERE client_id = ? AND key = ?'
const REMOVE = 'DELETE FROM sessions WHERE client_id = ? AND key = ?'

/** @param search of the messages' text */
export function sessionStore(
  db: DatabaseSync,
  writer: Writer,
  append: AppendEvents,
  search: MessageText['search']
): SessionStore {
  const sessions = sessionList(db)
  const said = sessionMessages(db)
  const idle = db.prepare(IDLE)
  const expire = db.prepare(EXPIRE)
  const reset = db.prepare(RESET)
  const rename = db.prepare(RENAME)
  const compact = db.prepare(COMPACT)
  const removeSome = db.prepare(REMOVE_SOME)
  const hasMessages = db.prepare(HAS_MESSAGES)
  const uncount = db.prepare(UNCOUNT)
  const remove = db.prepare(REMOVE)

  function removeNow({ clientId, key }: SessionRef, limit: number): boolean {
    const { changes } = removeSome.run(clientId, key, limit)
    uncount.run(changes, clientId, key)
    // It goes with its last message: numbers of messages are given anew, and where it starts is one of them.
    if (hasMessages.get(clientId, key)) return false
    remove.run(clientId, key)
    return true
  }

  return {
    conversation: async (session, limit) => said.conversation(session, limit),
    history: async (clientId, key, limit) => said.history(clientId, key, limit),
    messages: async (session, { limit, after, upTo }) => said.page(session, limit, after, upTo),
    older: async (session, keep) => said.older(session, keep),
    get: async (session) => sessions.get(session),
    list: async (options) => sessions.list(options),
    search,
    expire: (idleSince, limit, toEvent) =>
      writer.run(() => {
        const expired = idle.all(idleSince, limit) as unknown as IdleSession[]
        for (const { clientId, key } of expired) expire.run(clientId, key, Date.now())
        append(expired.map(toEvent))
        return expired.length
      }),
    rename: ({ clientId, key }, title, events) =>
      writer.run(() => {
        const done = rename.run(title ?? null, title ? foldTitle(title) : null, clientId, key).changes > 0
        if (done) append(events)
        return done
      }),
    reset: ({ clientId, key }, events) =>
      writer.run(() => {
        const done = reset.run(clientId, key).changes > 0
        if (done) append(events)
        return done
      }),
    compact: ({ clientId, key }, { summary, after, upTo }, events) =>
      writer.run(() => {
        const done = compact.run(summary, toSeq(upTo, 'after'), clientId, key, toSeq(after, 'after')).changes > 0
        if (done) append(events)
        return done
      }),
    remove: (session, limit, events) =>
      writer.run(() => {
        const gone = removeNow(session, limit)
        if (gone) append(events)
        return gone
      })
  }
}
