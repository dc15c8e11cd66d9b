import { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import type { MessageHit, MessageQuery } from '../port.ts'
import { toNeeded } from './memory-text.ts'
import { agentTerm, clientTerm } from './message-text.ts'
import type { SearchThreadOptions } from './search-thread.ts'

/** Characters of a hit that are told, and how many of them come before the first word. */
const EXCERPT = 500
const BEFORE = 100

const { path } = workerData as SearchThreadOptions
const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 })
const found = db.prepare(`
  SELECT role, messages.text, created_at AS at, session_key AS sessionKey, client_id AS clientId
  FROM message_text JOIN messages ON seq = message_text.rowid
  WHERE message_text MATCH :query AND (:client IS NULL OR client_id = :client)
  ORDER BY message_text.rowid DESC LIMIT :limit`)

/** Searches what was said, in a thread of its own with a connection of its own. */
export default function search({ text, clientId, agentId, limit }: MessageQuery): MessageHit[] {
  const terms = toNeeded(text)
  if (terms.length === 0) return []
  const scope = [clientId !== undefined && clientTerm(clientId), agentId !== undefined && agentTerm(agentId)]
  const query = [...scope.filter(Boolean).map((term) => `scope : ${term}`), `text : (${terms.join(' AND ')})`]
  const rows = found.all({ query: query.join(' AND '), client: clientId ?? null, limit }) as unknown as MessageHit[]
  return rows.map((row) => ({ ...row, text: excerpt(row.text, terms) }))
}

/** A long text, cut to where the first of the words is. */
function excerpt(text: string, terms: string[]): string {
  if (text.length <= EXCERPT) return text
  const start = Math.max(0, firstOf(text.toLowerCase(), terms) - BEFORE)
  const end = start + EXCERPT
  const cut = text.slice(start, end).toWellFormed().replaceAll('\uFFFD', '')
  return `${start > 0 ? '…' : ''}${cut}${end < text.length ? '…' : ''}`
}

/** Words are found by their stems: where one does not stand as it was asked for, its beginning does. */
function firstOf(text: string, terms: string[]): number {
  const words = terms.map((term) => term.slice(1, -1))
  const places = [words, words.map((word) => word.slice(0, Math.max(3, word.length - 3)))]
    .map((candidates) => candidates.map((word) => text.indexOf(word)).filter((place) => place >= 0))
    .find((all) => all.length > 0)
  return places ? Math.min(...places) : 0
}
