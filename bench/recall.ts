import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../src/config/parse.ts'
import { openEmbedders } from '../src/embeddings/open.ts'
import { fuse } from '../src/memory/fuse.ts'
import type { MemoryStore } from '../src/storage/port.ts'
import { openSqlite } from '../src/storage/sqlite/open.ts'
import { ENTRIES } from './recall/entries.ts'
import { QUESTIONS } from './recall/questions.ts'
import type { Row } from './table.ts'

/** Of the hits that a reader looks at. */
const AT = 5
/** As the memory fuses. */
const CANDIDATES = 30
const LIMIT_MS = 60_000

type Find = (question: string) => Promise<string[]>

/** How much of what answers a question is among the first five hits: by words, by meaning, and by both. */
export async function measureRecall(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'comis-recall-'))
  const storage = openSqlite(folder)
  const embedders = openEmbedders({ ...parseConfig({}), providers: {} }, {})
  const signal = AbortSignal.timeout(LIMIT_MS)
  const embed = async (texts: string[]) => (await embedders.find('embeddings-en').embed({ texts }, signal)).vectors
  try {
    await fill(storage.memory, embed)
    const vectorOf = async (question: string) => {
      const [values = new Float32Array()] = await embed([question])
      return { model: 'm', values }
    }
    const find = async (query: object) => storage.memory.find({ ...query, limit: CANDIDATES }, signal)
    const ways: Record<string, Find> = {
      'words alone': async (text) => (await find({ text })).byText.map(({ id }) => id),
      'vectors alone': async (text) => (await find({ vector: await vectorOf(text) })).byVector.map(({ id }) => id),
      fused: async (text) => fuse(await find({ text, vector: await vectorOf(text) }), text).map(({ id }) => id)
    }
    const rows: Row[] = []
    for (const [name, way] of Object.entries(ways)) rows.push(row(name, await recall(way)))
    return rows
  } finally {
    await embedders.close()
    await storage.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fill(memory: MemoryStore, embed: (texts: string[]) => Promise<Float32Array[]>): Promise<void> {
  const origin = { tags: [], source: 'import' as const, createdAt: 0 }
  await Promise.all(ENTRIES.map((entry) => memory.add({ ...entry, ...origin })))
  const vectors = await embed(ENTRIES.map(({ content }) => content))
  await memory.addVectors(
    'm',
    ENTRIES.map(({ id }, index) => ({ id, values: vectors[index] as Float32Array }))
  )
}

async function recall(find: Find): Promise<number> {
  let sum = 0
  for (const { ask, expect } of QUESTIONS) {
    const found = new Set((await find(ask)).slice(0, AT))
    sum += expect.filter((id) => found.has(id)).length / expect.length
  }
  return sum / QUESTIONS.length
}

const row = (name: string, share: number): Row => ({
  work: `Recall@${AT} of the memory, ${name}: ${QUESTIONS.length} questions, ${ENTRIES.length} entries`,
  floor: '–',
  gateway: share.toFixed(2),
  ratio: '–',
  target: '–',
  met: '–'
})
