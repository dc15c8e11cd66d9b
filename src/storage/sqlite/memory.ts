import { hash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { MemoryEntry, MemoryHits, MemoryQuery, MemorySource, MemorySpace, MemoryStore } from '../port.ts'
import { toSeq } from './place.ts'
import { searchThread } from './search-thread.ts'
import { bitsOf, createSpace, dropSpace, loadVectors, toBits, toBlob, valuesOf } from './vectors.ts'
import type { Writer } from './writer.ts'

const COLUMNS = `
  id, content, tags, client_id AS clientId, agent_id AS agentId, session_key AS sessionKey, turn_id AS turnId, source,
  created_at AS createdAt`
const ADD = `
  INSERT INTO memory_entries (id, content, tags, client_id, agent_id, session_key, turn_id, source, created_at, digest)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (client_id, agent_id, digest) DO NOTHING`
const SAME = `SELECT ${COLUMNS} FROM memory_entries WHERE client_id = ? AND agent_id = ? AND digest = ?`
const GET = `SELECT ${COLUMNS} FROM memory_entries WHERE id = ?`
const LIST = `
  SELECT seq, ${COLUMNS} FROM memory_entries
  WHERE (:client IS NULL OR client_id IN (:client, '')) AND (:agent IS NULL OR agent_id IN (:agent, ''))
    AND (:before IS NULL OR seq < :before)
  ORDER BY seq DESC LIMIT :limit`
const PLACE = 'SELECT seq, client_id AS clientId, agent_id AS agentId FROM memory_entries WHERE id = ?'

interface Place {
  seq: number
  clientId: string
  agentId: string
}

/** @param path of the database, for the thread that searches */
export function memoryStore(db: DatabaseSync, writer: Writer, path: string): MemoryStore & AsyncDisposable {
  const [add, same, get, list, place] = [ADD, SAME, GET, LIST, PLACE].map((sql) => db.prepare(sql)) as [
    Statement,
    Statement,
    Statement,
    Statement,
    Statement
  ]
  const remove = db.prepare('DELETE FROM memory_entries WHERE seq = ?')
  const count = db.prepare('SELECT count(*) AS count FROM memory_entries')
  const spaceOf = db.prepare('SELECT space, dimensions FROM memory_spaces WHERE model = ?')
  const allSpaces = db.prepare('SELECT space, model, dimensions, entries FROM memory_spaces ORDER BY space')
  const addSpace = db.prepare('INSERT INTO memory_spaces (model, dimensions) VALUES (?, ?)')
  // Counting a table of vectors reads all of it.
  const countVectors = db.prepare('UPDATE memory_spaces SET entries = entries + ? WHERE space = ?')
  const removeSpace = db.prepare('DELETE FROM memory_spaces WHERE space = ?')
  let loaded = false
  const thread = searchThread<MemoryQuery, MemoryHits>('memory-search', path)

  function load(): void {
    if (!loaded) loadVectors(db)
    loaded = true
  }

  function addNow(entry: MemoryEntry): MemoryEntry {
    const { id, content, tags, clientId = '', agentId = '', sessionKey, turnId, source, createdAt } = entry
    const digest = hash('sha256', content)
    const origin = [sessionKey ?? null, turnId ?? null, source, createdAt, digest]
    const { changes } = add.run(id, content, JSON.stringify(tags), clientId, agentId, ...origin)
    return changes > 0 ? entry : toEntry(same.get(clientId, agentId, digest) as unknown as Row)
  }

  function removeNow(ids: string[]): number {
    const spaces = allSpaces.all() as unknown as { space: number }[]
    if (spaces.length > 0) load()
    const forget = spaces.map(({ space }) => ({
      space,
      bits: db.prepare(`DELETE FROM ${bitsOf(space)} WHERE seq = ?`),
      values: db.prepare(`DELETE FROM ${valuesOf(space)} WHERE seq = ?`)
    }))
    let removed = 0
    for (const id of ids) {
      const found = place.get(id) as unknown as Place | undefined
      if (!found) continue
      for (const { space, bits, values } of forget) {
        if (values.run(found.seq).changes === 0) continue
        bits.run(BigInt(found.seq)) // vec0 takes integers alone, and numbers are bound as floats
        countVectors.run(-1, space)
      }
      removed += Number(remove.run(found.seq).changes)
    }
    return removed
  }

  function openSpaceNow(model: string, dimensions: number): number {
    const known = spaceOf.get(model) as { space: number; dimensions: number } | undefined
    if (known?.dimensions === dimensions) return known.space
    if (known) dropSpaceNow(known.space) // the model was changed under its name
    const space = Number(addSpace.run(model, dimensions).lastInsertRowid)
    db.exec(createSpace(space, dimensions))
    return space
  }

  function dropSpaceNow(space: number): void {
    load()
    db.exec(dropSpace(space))
    removeSpace.run(space)
  }

  function addVectorsNow(model: string, vectors: { id: string; values: Float32Array }[]): void {
    const [first] = vectors
    if (!first) return
    load()
    const space = openSpaceNow(model, first.values.length)
    const addBits = db.prepare(
      `INSERT INTO ${bitsOf(space)} (seq, client_id, agent_id, bits) VALUES (?, ?, ?, vec_bit(?))`
    )
    const addValues = db.prepare(`INSERT INTO ${valuesOf(space)} (seq, vector) VALUES (?, ?) ON CONFLICT DO NOTHING`)
    for (const { id, values } of vectors) {
      const found = place.get(id) as unknown as Place | undefined
      if (!found || addValues.run(found.seq, toBlob(values)).changes === 0) continue
      addBits.run(BigInt(found.seq), found.clientId, found.agentId, toBits(values))
      countVectors.run(1, space)
    }
  }

  return {
    add: (entry) => writer.run(() => addNow(entry)),
    async get(ids) {
      return ids.flatMap((id) => {
        const row = get.get(id)
        return row ? [toEntry(row as unknown as Row)] : []
      })
    },
    async list({ clientId, agentId, limit, before }) {
      const scope = {
        client: clientId ?? null,
        agent: agentId ?? null,
        before: before === undefined ? null : toSeq(before, 'before')
      }
      const rows = list.all({ ...scope, limit }) as unknown as (Row & { seq: number })[]
      const next = rows.length === limit ? rows.at(-1)?.seq.toString() : undefined
      return { entries: rows.map(({ seq: _seq, ...row }) => toEntry(row)), next }
    },
    remove: (ids) => writer.run(() => removeNow(ids)),
    find: (query, signal) => thread.run(query, signal),
    async count() {
      return (count.get() as { count: number }).count
    },
    async spaces() {
      const spaces = allSpaces.all() as unknown as (MemorySpace & { space: number })[]
      return spaces.map(({ model, dimensions, entries }) => ({ model, dimensions, entries }))
    },
    async unembedded(model, limit, after) {
      const known = spaceOf.get(model) as { space: number } | undefined
      const without = known ? `AND seq NOT IN (SELECT seq FROM ${valuesOf(known.space)})` : ''
      const { seq = 0 } = (after === undefined ? undefined : (place.get(after) as unknown as Place | undefined)) ?? {}
      const rows = db
        .prepare(`SELECT id, content FROM memory_entries WHERE seq > ? ${without} ORDER BY seq LIMIT ?`)
        .all(seq, limit)
      return rows as unknown as { id: string; content: string }[]
    },
    addVectors: (model, vectors) => writer.run(() => addVectorsNow(model, vectors)),
    dropSpace: (model) =>
      writer.run(() => {
        const known = spaceOf.get(model) as { space: number } | undefined
        if (known) dropSpaceNow(known.space)
      }),
    async hasVector(model, id) {
      const known = spaceOf.get(model) as { space: number } | undefined
      const found = place.get(id) as unknown as Place | undefined
      if (!known || !found) return false
      return db.prepare(`SELECT 1 FROM ${valuesOf(known.space)} WHERE seq = ?`).get(found.seq) !== undefined
    },
    [Symbol.asyncDispose]: () => thread.close()
  }
}

type Statement = ReturnType<DatabaseSync['prepare']>

interface Row extends Record<'id' | 'content' | 'tags' | 'clientId' | 'agentId', string> {
  sessionKey: string | null
  turnId: string | null
  source: MemorySource
  createdAt: number
}

const toEntry = ({ tags, clientId, agentId, sessionKey, turnId, ...row }: Row): MemoryEntry => ({
  ...row,
  tags: JSON.parse(tags) as string[],
  clientId: clientId || undefined,
  agentId: agentId || undefined,
  sessionKey: sessionKey ?? undefined,
  turnId: turnId ?? undefined
})
