import type { DatabaseSync } from 'node:sqlite'
import type { Message } from '../../models/message.ts'
import type { HistoryEntry, IdleSession, SessionStore } from '../port.ts'
import type { AppendEvents } from './events.ts'
import type { Writer } from './writer.ts'

const CONVERSATION = `
  SELECT role, content FROM messages WHERE client_id = ?1 AND session_key = ?2 AND seq > coalesce(
    (SELECT starts_after FROM sessions WHERE client_id = ?1 AND key = ?2), 0)
  ORDER BY seq DESC LIMIT ?3`
const IDLE = `
  SELECT client_id AS clientId, key, agent_id AS agentId FROM sessions
  WHERE expired_at IS NULL AND updated_at < ? AND NOT EXISTS (
    SELECT 1 FROM turns WHERE finished_at IS NULL AND turns.client_id = sessions.client_id AND session_key = key)
  ORDER BY updated_at LIMIT ?`
const EXPIRE = `
  UPDATE sessions SET expired_at = ?3, starts_after = coalesce(
    (SELECT max(seq) FROM messages WHERE client_id = ?1 AND session_key = ?2), 0)
  WHERE client_id = ?1 AND key = ?2`
const TEXTS = 'SELECT role, text, created_at AS at, session_key AS sessionKey FROM messages'
const SAID = "role IN ('user', 'assistant') AND text <> ''"
const OF_SESSION = `${TEXTS} WHERE client_id = ? AND session_key = ? AND ${SAID} ORDER BY seq DESC LIMIT ?`
const OF_CLIENT = `${TEXTS} WHERE client_id = ? AND ${SAID} ORDER BY seq DESC LIMIT ?`

export function sessionStore(db: DatabaseSync, writer: Writer, append: AppendEvents): SessionStore {
  const conversation = db.prepare(CONVERSATION)
  const ofSession = db.prepare(OF_SESSION)
  const ofClient = db.prepare(OF_CLIENT)
  const idle = db.prepare(IDLE)
  const expire = db.prepare(EXPIRE)
  return {
    async conversation({ clientId, key }, limit) {
      const rows = conversation.all(clientId, key, limit) as { role: string; content: string }[]
      return rows.reverse().map(({ role, content }) => ({ role, content: JSON.parse(content) }) as Message)
    },
    async history(clientId, key, limit) {
      const rows = key === undefined ? ofClient.all(clientId, limit) : ofSession.all(clientId, key, limit)
      return rows.reverse().map((row) => ({ ...row }) as unknown as HistoryEntry)
    },
    expire: (idleSince, limit, toEvent) =>
      writer.run(() => {
        const sessions = idle.all(idleSince, limit) as unknown as IdleSession[]
        for (const { clientId, key } of sessions) expire.run(clientId, key, Date.now())
        append(sessions.map(toEvent))
        return sessions.length
      })
  }
}
