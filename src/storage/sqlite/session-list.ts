import type { DatabaseSync } from 'node:sqlite'
import { GatewayError } from '../../errors.ts'
import type { SessionPage, SessionQuery, SessionRef, StoredSession } from '../port.ts'

const SESSION = `
  SELECT client_id AS clientId, key, title, agent_id AS agentId, created_at AS createdAt, updated_at AS updatedAt,
    expired_at AS expiredAt, message_count AS messages, summary IS NOT NULL AS compacted
  FROM sessions`
const GET = `${SESSION} WHERE client_id = ? AND key = ?`
const listOf = (where: string) => `
  ${SESSION} WHERE ${where} (updated_at, client_id, key) < (:at, :client, :key)
  ORDER BY updated_at DESC, client_id DESC, key DESC LIMIT :limit`

/** Of the few that people named, all are looked at. */
const TITLED = `title IS NOT NULL AND instr(title_folded, :title) > 0 AND (:clientId IS NULL OR client_id = :clientId)
  AND (:agentId IS NULL OR agent_id = :agentId) AND`

/** Titles are compared in this form. */
export const foldTitle = (title: string) => title.normalize('NFKC').toLowerCase()

/** Reads sessions as they are listed. Each filter has its index: none walks over sessions that it leaves out. */
export function sessionList(db: DatabaseSync) {
  const get = db.prepare(GET)
  const all = db.prepare(listOf(''))
  const ofClient = db.prepare(listOf('client_id = :clientId AND'))
  const ofAgent = db.prepare(listOf('agent_id = :agentId AND'))
  const titled = db.prepare(listOf(TITLED))
  const ofBoth = db.prepare(listOf('client_id = :clientId AND agent_id = :agentId AND'))

  function rowsOf({ clientId, agentId, title }: Scope, from: Cursor & { limit: number }): SessionRow[] {
    if (title !== undefined) {
      const folded = foldTitle(title)
      return read(titled.all({ ...from, title: folded, clientId: clientId ?? null, agentId: agentId ?? null }))
    }
    if (clientId !== undefined && agentId !== undefined) return read(ofBoth.all({ ...from, clientId, agentId }))
    if (clientId !== undefined) return read(ofClient.all({ ...from, clientId }))
    return read(agentId === undefined ? all.all({ ...from }) : ofAgent.all({ ...from, agentId }))
  }

  return {
    get({ clientId, key }: SessionRef): StoredSession | undefined {
      const row = get.get(clientId, key) as unknown as SessionRow | undefined
      return row && toSession(row)
    },
    list({ limit, before, ...scope }: SessionQuery): SessionPage {
      const rows = rowsOf(scope, { ...readCursor(before), limit: limit + 1 })
      const sessions = rows.slice(0, limit).map(toSession)
      const last = sessions.at(-1)
      return { sessions, next: rows.length > limit && last ? toCursor(last) : undefined }
    }
  }
}

type Scope = Pick<SessionQuery, 'clientId' | 'agentId' | 'title'>

interface SessionRow extends Omit<StoredSession, 'title' | 'expiredAt' | 'compacted'> {
  title: string | null
  expiredAt: number | null
  compacted: number
}
interface Cursor {
  at: number
  client: string
  key: string
}

const read = (rows: unknown[]) => rows as SessionRow[]

const toSession = ({ title, expiredAt, compacted, ...row }: SessionRow): StoredSession => ({
  ...row,
  title: title ?? undefined,
  expiredAt: expiredAt ?? undefined,
  compacted: compacted === 1
})

const toCursor = ({ updatedAt, clientId, key }: StoredSession) =>
  Buffer.from(JSON.stringify([updatedAt, clientId, key])).toString('base64url')

function readCursor(cursor: string | undefined): Cursor {
  if (cursor === undefined) return { at: Number.MAX_SAFE_INTEGER, client: '', key: '' }
  const [at, client, key] = parseList(Buffer.from(cursor, 'base64url').toString())
  if (typeof at === 'number' && typeof client === 'string' && typeof key === 'string') return { at, client, key }
  throw new GatewayError('invalid_request', 'This is no `next` of a page', { param: 'before' })
}

function parseList(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
