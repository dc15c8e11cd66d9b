import { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import type { MemoryHits, MemoryQuery } from '../port.ts'
import { toQuery, toTerms } from './memory-text.ts'
import type { SearchThreadOptions } from './search-thread.ts'
import { bitsOf, loadVectors, similarity, toBits, valuesOf } from './vectors.ts'

/**
 * Candidates by signs for each hit that is wanted, which are then put in order by all of their numbers. What a scan
 * takes grows with their number: 13 ms for 100 of 100,000 vectors, 52 ms for 400.
 */
const OVERSAMPLING = 2
const LEAST_CANDIDATES = 64
const MOST_CANDIDATES = 4096

const { path } = workerData as SearchThreadOptions
const db = new DatabaseSync(path, { readOnly: true, allowExtension: true, timeout: 5000 })
loadVectors(db)

const SCOPED = `
  AND (:client IS NULL OR client_id IN (:client, '')) AND (:agents IS NULL OR agent_id = '' OR agent_id IN (SELECT value FROM json_each(:agents)))`
const byTextStatement = db.prepare(`
  SELECT id FROM memory_text JOIN memory_entries ON seq = memory_text.rowid
  WHERE memory_text MATCH :query ${SCOPED} ORDER BY rank LIMIT :limit`)
/** Ranking so many entries takes some milliseconds. */
const FREQUENT = 3000
const matchesStatement = db.prepare(`
  SELECT count(*) AS matches FROM (SELECT 1 FROM memory_text WHERE memory_text MATCH ? LIMIT ?)`)
const spaceStatement = db.prepare('SELECT space FROM memory_spaces WHERE model = ? AND dimensions = ?')

/** Searches the memory, in a thread of its own with a connection of its own. */
export default function search(query: MemoryQuery): MemoryHits {
  return { byText: byText(query), byVector: byVector(query) }
}

function byText({ text = '', clientId, agentIds, limit }: MemoryQuery): MemoryHits['byText'] {
  const query = toQuery(toTerms(text), isFrequent)
  if (query === undefined) return []
  const scope = { client: clientId ?? null, agents: agentIds ? JSON.stringify(agentIds) : null }
  return byTextStatement.all({ query, ...scope, limit }) as { id: string }[]
}

function isFrequent(term: string): boolean {
  const { matches } = matchesStatement.get(term, FREQUENT + 1) as { matches: number }
  return matches > FREQUENT
}

function byVector({ vector, clientId, agentIds, limit }: MemoryQuery): MemoryHits['byVector'] {
  if (!vector) return []
  const found = spaceStatement.get(vector.model, vector.values.length) as { space: number } | undefined
  if (!found) return []
  const { space } = found
  const scope = [...(clientId === undefined ? [] : [clientId]), ...(agentIds ?? [])]
  const k = Math.min(MOST_CANDIDATES, Math.max(LEAST_CANDIDATES, limit * OVERSAMPLING))
  const candidates = `
    SELECT seq FROM ${bitsOf(space)} WHERE bits MATCH vec_bit(?) AND k = ${k}
    ${clientId === undefined ? '' : "AND client_id IN (?, '')"} ${agentIds ? `AND agent_id IN (${'?, '.repeat(agentIds.length)}'')` : ''}`
  const rows = db
    .prepare(
      `SELECT id, vector FROM (${candidates}) AS near
       JOIN ${valuesOf(space)} USING (seq) JOIN memory_entries USING (seq)`
    )
    .all(toBits(vector.values), ...scope) as { id: string; vector: Uint8Array }[]
  return rows
    .map(({ id, vector: stored }) => ({ id, similarity: similarity(vector.values, stored) }))
    .toSorted((a, b) => b.similarity - a.similarity)
    .slice(0, limit)
}
