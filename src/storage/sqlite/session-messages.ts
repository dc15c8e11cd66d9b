import type { DatabaseSync } from 'node:sqlite'
import type { Message } from '../../models/message.ts'
import type { Conversation, HistoryEntry, MessagePage, OlderMessages, SessionRef } from '../port.ts'
import { toSeq } from './place.ts'

const OF = 'client_id = ?1 AND session_key = ?2'
const PLACE = 'SELECT summary, starts_after AS startsAfter FROM sessions WHERE client_id = ? AND key = ?'
const CONVERSATION = `SELECT role, content FROM messages WHERE ${OF} AND seq > ?3 ORDER BY seq DESC LIMIT ?4`

const TEXTS = 'SELECT role, text, created_at AS at, session_key AS sessionKey FROM messages'
const SAID = "role IN ('user', 'assistant') AND text <> ''"
const OF_SESSION = `${TEXTS} WHERE ${OF} AND ${SAID} ORDER BY seq DESC LIMIT ?3`
const OF_CLIENT = `${TEXTS} WHERE client_id = ? AND ${SAID} ORDER BY seq DESC LIMIT ?`

const PAGE = `
  SELECT seq, role, content, turn_id AS turnId, created_at AS at FROM messages
  WHERE ${OF} AND seq > ?3 AND seq <= ?4 ORDER BY seq LIMIT ?5`
/** Characters of one page; a message that is longer stands alone. */
const PAGE_SIZE = 1_000_000

const NTH_NEWEST = `SELECT seq FROM messages WHERE ${OF} AND seq > ?3 ORDER BY seq DESC LIMIT 1 OFFSET ?4`
const QUESTION = `
  SELECT seq FROM messages WHERE ${OF} AND seq > ?3 AND seq <= ?4 AND role = 'user' ORDER BY seq DESC LIMIT 1`
const BEFORE = `SELECT seq FROM messages WHERE ${OF} AND seq > ?3 AND seq < ?4 ORDER BY seq DESC LIMIT 1`
const COUNT = `SELECT count(*) AS count FROM messages WHERE ${OF} AND seq > ?3`

/** Reads what was said in sessions. */
export function sessionMessages(db: DatabaseSync) {
  const place = db.prepare(PLACE)
  const newest = db.prepare(CONVERSATION)
  const ofSession = db.prepare(OF_SESSION)
  const ofClient = db.prepare(OF_CLIENT)
  const page = db.prepare(PAGE)
  const nthNewest = db.prepare(NTH_NEWEST)
  const question = db.prepare(QUESTION)
  const before = db.prepare(BEFORE)
  const count = db.prepare(COUNT)

  const placeOf = ({ clientId, key }: SessionRef): Place =>
    (place.get(clientId, key) as Place | undefined) ?? { summary: null, startsAfter: 0 }

  function lastOlder({ clientId, key }: SessionRef, startsAfter: number, keep: number): number | undefined {
    const seqOf = (statement: typeof before, bound: number) =>
      (statement.get(clientId, key, startsAfter, bound) as { seq: number } | undefined)?.seq
    if (keep === 0) return seqOf(before, Number.MAX_SAFE_INTEGER)
    const oldestKept = seqOf(nthNewest, keep - 1)
    const first = oldestKept === undefined ? undefined : seqOf(question, oldestKept)
    return first === undefined ? undefined : seqOf(before, first)
  }

  return {
    conversation(session: SessionRef, limit: number): Conversation {
      const { summary, startsAfter } = placeOf(session)
      const rows = newest.all(session.clientId, session.key, startsAfter, limit) as unknown as MessageRow[]
      return { summary: summary ?? undefined, messages: rows.reverse().map(toMessage) }
    },
    history(clientId: string, key: string | undefined, limit: number): HistoryEntry[] {
      const rows = key === undefined ? ofClient.iterate(clientId, limit) : ofSession.iterate(clientId, key, limit)
      const entries: HistoryEntry[] = []
      let size = 0
      for (const row of rows as Iterable<unknown> as Iterable<HistoryEntry>) {
        size += row.text.length
        if (size > MOST_TEXT && entries.length > 0) break
        entries.push({ ...row })
      }
      return entries.reverse()
    },
    page(
      { clientId, key }: SessionRef,
      limit: number,
      after = '0',
      upTo = String(Number.MAX_SAFE_INTEGER)
    ): MessagePage {
      const rows = page.iterate(clientId, key, toSeq(after, 'after'), toSeq(upTo, 'after'), limit)
      return readPage(rows as Iterable<unknown> as Iterable<PageRow>, limit)
    },
    older(session: SessionRef, keep: number): OlderMessages {
      const { summary, startsAfter } = placeOf(session)
      const last = lastOlder(session, startsAfter, keep)
      const { count: kept } = count.get(session.clientId, session.key, last ?? startsAfter) as { count: number }
      return { summary: summary ?? undefined, after: String(startsAfter), upTo: last?.toString(), kept }
    }
  }
}

interface Place {
  summary: string | null
  /** The last message that is no part of the conversation. */
  startsAfter: number
}
interface MessageRow {
  role: string
  content: string
}
interface PageRow extends MessageRow {
  seq: number
  turnId: string
  at: number
}

const toMessage = ({ role, content }: MessageRow) => ({ role, content: JSON.parse(content) }) as Message

/** Characters of one answer: what is older is asked for session by session, page by page. */
const MOST_TEXT = 1_048_576

function readPage(rows: Iterable<PageRow>, limit: number): MessagePage {
  const messages: MessagePage['messages'] = []
  let size = 0
  let last = 0
  for (const { seq, turnId, at, ...row } of rows) {
    size += row.content.length
    if (messages.length > 0 && size > PAGE_SIZE) return { messages, next: String(last) }
    messages.push({ message: toMessage(row), turnId, at })
    last = seq
  }
  return { messages, next: messages.length === limit ? String(last) : undefined }
}
