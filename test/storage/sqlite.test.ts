import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { userText } from '../../src/models/message.ts'
import type { Storage } from '../../src/storage/port.ts'
import { openSqlite } from '../../src/storage/sqlite/open.ts'
import { temporaryFolder } from '../support/gateway.ts'
import { budgetsContract } from './budgets-contract.ts'
import { storageContract } from './contract.ts'
import { deliveryContract } from './delivery-contract.ts'
import { journalContract } from './journal-contract.ts'
import { keptContract } from './kept-contract.ts'
import { memoryContract } from './memory-contract.ts'
import { sessionsContract } from './sessions-contract.ts'
import { stepsContract } from './steps-contract.ts'
import { tokenContract } from './token-contract.ts'
import { usageContract } from './usage-contract.ts'

t.test('the storage contract', (t) => {
  storageContract(t, async (t) => {
    const folder = await temporaryFolder(t)
    return async () => openSqlite(folder)
  })
  t.end()
})

t.test('the contract of its journal', (t) => {
  journalContract(t, async (t) => {
    const folder = await temporaryFolder(t)
    return async () => openSqlite(folder)
  })
  t.end()
})

t.test('the contract of its memory', (t) => {
  memoryContract(t, async (t) => {
    const folder = await temporaryFolder(t)
    return async () => openSqlite(folder)
  })
  t.end()
})

t.test('the contract of its kept turns', (t) => {
  keptContract(t, async (t) => {
    const folder = await temporaryFolder(t)
    return async () => openSqlite(folder)
  })
  t.end()
})

t.test('the contract of its tokens', (t) => {
  tokenContract(t, async (t) => {
    const folder = await temporaryFolder(t)
    return async () => openSqlite(folder)
  })
  t.end()
})

t.test('the contract of its budgets', (t) => {
  budgetsContract(t, async (t) => {
    const folder = await temporaryFolder(t)
    return async () => openSqlite(folder)
  })
  t.end()
})

t.test('the contract of its sessions', (t) => {
  sessionsContract(t, async (t) => {
    const folder = await temporaryFolder(t)
    return async () => openSqlite(folder)
  })
  t.end()
})

t.test("the contract of its agents' own steps", (t) => {
  stepsContract(t, async (t) => {
    const folder = await temporaryFolder(t)
    return async () => openSqlite(folder)
  })
  t.end()
})

t.test('the contract of its deliveries', (t) => {
  deliveryContract(t, async (t) => {
    const folder = await temporaryFolder(t)
    return async () => openSqlite(folder)
  })
  t.end()
})

t.test('the contract of its sums of usage', (t) => {
  usageContract(t, async (t) => {
    const folder = await temporaryFolder(t)
    return async () => openSqlite(folder)
  })
  t.end()
})

t.test('turns from before there were sums are counted', async (t) => {
  const folder = await temporaryFolder(t)
  let storage = openSqlite(folder)
  await Promise.all(Array.from({ length: 300 }, (_, n) => finishTurn(storage, n)))
  await storage.turns.begin({
    ...begunTurn,
    id: 'unfinished',
    clientId: 'c0',
    session: { clientId: 'c0', key: 'k' },
    startedAt: 1
  })
  const read = async () => ({
    byModel: await storage.usage.byModel({}),
    own: await storage.usage.byModel({ clientId: 'c1' }),
    byAgent: await storage.usage.byAgent({ since: 24 * HOUR, until: 72 * HOUR }),
    byHour: await storage.usage.byHour({}),
    bySession: await storage.usage.bySession({ limit: 100 }),
    since: await storage.usage.since()
  })
  const counted = await read()
  t.equal(counted.byHour.length, 100)
  await storage.close()

  const db = new DatabaseSync(join(folder, 'gateway.db'))
  db.exec(
    `DROP TABLE usage; DROP TABLE session_usage; DROP TABLE usage_resets; DROP TABLE kept_entries; DROP TABLE kept_turns;
     DROP TABLE agent_step_calls; DROP TABLE agent_steps; DROP TABLE delivery_contents; DROP TABLE deliveries; DROP TABLE delivery_counts; DROP TABLE token_limits; DROP TABLE budget_counts;
     DROP INDEX sessions_titled; ALTER TABLE sessions DROP COLUMN title; ALTER TABLE sessions DROP COLUMN title_folded;
     PRAGMA user_version = 6`
  )
  db.close()
  storage = openSqlite(folder)
  t.same(await read(), counted)
  const { bytes, schemaVersion } = await storage.size()
  t.ok(schemaVersion >= 4 && bytes > 50_000)
  await storage.close()
})

const HOUR = 3_600_000
const begunTurn = { agentId: 'a0', fence: 1, input: [], events: [], eventsIfNew: [] }

async function finishTurn({ turns }: Storage, n: number): Promise<void> {
  const session = n % 3 === 0 ? undefined : { clientId: `c${n % 4}`, key: `k${n % 7}` }
  const finishedAt = (n % 100) * HOUR + n
  const [id, clientId, agentId] = [`t${n}`, `c${n % 4}`, `a${n % 2}`]
  if (session) await turns.begin({ ...begunTurn, id, clientId, session, agentId, startedAt: finishedAt })
  await turns.finish({
    id,
    clientId,
    session,
    agentId: session && agentId,
    ...(n % 5 > 0 && { provider: 'up', model: `m${n % 3}` }),
    fence: 1,
    startedAt: finishedAt,
    finishedAt,
    finishReason: n % 9 === 0 ? 'error' : 'stop',
    usage: { input: n, output: 1, cachedInput: 2, reasoning: 1 },
    costUsd: n % 2 === 0 ? 0.25 : undefined,
    output: [],
    events: []
  })
}

t.test('one gateway a folder', async (t) => {
  const folder = await temporaryFolder(t)
  const storage = openSqlite(folder)
  t.throws(() => openSqlite(folder), /dataDir: .* is used by another gateway/)
  await storage.close()
  await openSqlite(folder).close()
})

t.test('files are for their owner alone', async (t) => {
  const folder = join(await temporaryFolder(t), 'data')
  const storage = openSqlite(folder)
  const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
  t.equal(await mode(folder), '700')
  for (const file of ['gateway.db', 'gateway.db-wal', 'lock.db']) t.equal(await mode(join(folder, file)), '600', file)
  await storage.close()
})

t.test('a folder that cannot be made is told', async (t) => {
  const file = join(await temporaryFolder(t), 'file')
  await writeFile(file, '')
  t.throws(() => openSqlite(join(file, 'data')), /dataDir: .*cannot be written \(ENOTDIR\)/)
})

t.test('what a database of an earlier version holds is counted, found and led on', async (t) => {
  const folder = await temporaryFolder(t)
  const session = { clientId: 'alice', key: 's1' }
  const turn = { clientId: 'alice', session, agentId: 'default', fence: 1, startedAt: 1, events: [], eventsIfNew: [] }
  const earlier = openSqlite(folder)
  for (let n = 0; n < 40; n++) await earlier.turns.begin({ ...turn, id: `t${n}`, input: [userText(`parcel ${n}`)] })
  await earlier.close()
  const db = new DatabaseSync(join(folder, 'gateway.db'))
  db.exec(`
    DROP TRIGGER message_text_add; DROP TRIGGER message_text_remove; DROP TABLE message_text;
    DROP TABLE message_text_waiting; DROP INDEX sessions_by_use; DROP INDEX sessions_of_client;
    DROP INDEX sessions_of_agent; DROP INDEX sessions_of_client_and_agent;
    ALTER TABLE sessions DROP COLUMN summary; ALTER TABLE sessions DROP COLUMN message_count;
    ALTER TABLE turns DROP COLUMN session_client_id;
    DROP TABLE usage; DROP TABLE session_usage; DROP TABLE usage_resets; DROP TABLE kept_entries; DROP TABLE kept_turns;
    DROP TABLE agent_step_calls; DROP TABLE agent_steps; DROP TABLE delivery_contents; DROP TABLE deliveries; DROP TABLE delivery_counts; DROP TABLE token_limits; DROP TABLE budget_counts;
     DROP INDEX sessions_titled; ALTER TABLE sessions DROP COLUMN title; ALTER TABLE sessions DROP COLUMN title_folded;
     PRAGMA user_version = 5`)
  db.close()
  const storage = openSqlite(folder)
  t.match(await storage.sessions.get(session), { messages: 40, compacted: false })
  t.equal((await storage.sessions.search({ text: 'parcels', limit: 99 }, new AbortController().signal)).length, 40)
  t.equal(await storage.sessions.expire(9999, 9, () => ({ type: 'x', payload: '{}', at: 1 })), 0, 'turns run in it')
  await storage.close()
})

t.test('a database of a newer version is left alone', async (t) => {
  const folder = await temporaryFolder(t)
  await openSqlite(folder).close()
  const db = new DatabaseSync(join(folder, 'gateway.db'))
  db.exec('PRAGMA user_version = 99')
  db.close()
  t.throws(() => openSqlite(folder), /needs a newer comis-gateway/)
  t.throws(() => openSqlite(folder), /needs a newer comis-gateway/, 'and its lock was let go')
})
