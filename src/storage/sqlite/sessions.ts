import type { DatabaseSync } from 'node:sqlite'
import type { Message } from '../../models/message.ts'
import type { HistoryEntry, SessionStore } from '../port.ts'

const CONVERSATION = `
  SELECT role, content FROM messages WHERE client_id = ? AND session_key = ? ORDER BY seq DESC LIMIT ?`
const TEXTS = 'SELECT role, text, created_at AS at, session_key AS sessionKey FROM messages'
const SAID = "role IN ('user', 'assistant') AND text <> ''"
const OF_SESSION = `${TEXTS} WHERE client_id = ? AND session_key = ? AND ${SAID} ORDER BY seq DESC LIMIT ?`
const OF_CLIENT = `${TEXTS} WHERE client_id = ? AND ${SAID} ORDER BY seq DESC LIMIT ?`

export function sessionStore(db: DatabaseSync): SessionStore {
  const conversation = db.prepare(CONVERSATION)
  const ofSession = db.prepare(OF_SESSION)
  const ofClient = db.prepare(OF_CLIENT)
  return {
    async conversation({ clientId, key }, limit) {
      const rows = conversation.all(clientId, key, limit) as { role: string; content: string }[]
      return rows.reverse().map(({ role, content }) => ({ role, content: JSON.parse(content) }) as Message)
    },
    async history(clientId, key, limit) {
      const rows = key === undefined ? ofClient.all(clientId, limit) : ofSession.all(clientId, key, limit)
      return rows.reverse().map((row) => ({ ...row }) as unknown as HistoryEntry)
    }
  }
}
