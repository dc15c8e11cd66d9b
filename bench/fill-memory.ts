// Fills a data folder with a memory of so many entries, as a gateway would have done it over months.
import { openSqlite } from '../src/storage/sqlite/open.ts'

const [folder = '', count = '', model = ''] = process.argv.slice(2)
const BATCH = 1000
const DIMENSIONS = 512
const WORDS_PER_ENTRY = 12
const VOCABULARY = 5000

/** The same numbers in every run. */
let seed = 1
const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
/** Some words are common and most are rare, as in any language. */
const word = (): string => `w${Math.floor(VOCABULARY * random() ** 2)}`

function vector(): Float32Array {
  const values = Float32Array.from({ length: DIMENSIONS }, () => random() - 0.5)
  const length = Math.hypot(...values)
  return values.map((value) => value / length)
}

const storage = openSqlite(folder)
for (let from = 0; from < Number(count); from += BATCH) {
  const entries = Array.from({ length: BATCH }, (_, index) => ({
    id: `mem_${from + index}`,
    content: Array.from({ length: WORDS_PER_ENTRY }, word).join(' '),
    tags: [],
    clientId: 'bench',
    agentId: 'default',
    source: 'import' as const,
    createdAt: Date.now()
  }))
  await Promise.all(entries.map((entry) => storage.memory.add(entry)))
  await storage.memory.addVectors(
    model,
    entries.map(({ id }) => ({ id, values: vector() }))
  )
}
await storage.close()
