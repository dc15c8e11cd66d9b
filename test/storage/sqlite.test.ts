import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { userText } from '../../src/models/message.ts'
import { openSqlite } from '../../src/storage/sqlite/open.ts'
import { temporaryFolder } from '../support/gateway.ts'
import { storageContract } from './contract.ts'
import { journalContract } from './journal-contract.ts'
import { memoryContract } from './memory-contract.ts'
import { sessionsContract } from './sessions-contract.ts'

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

t.test('the contract of its sessions', (t) => {
  sessionsContract(t, async (t) => {
    const folder = await temporaryFolder(t)
    return async () => openSqlite(folder)
  })
  t.end()
})

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
    ALTER TABLE turns DROP COLUMN session_client_id; PRAGMA user_version = 3`)
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
