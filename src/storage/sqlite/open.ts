import { closeSync, mkdirSync, openSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ConfigError } from '../../config/error.ts'
import { checkPrivateFile, PrivateFileError } from '../../private-file.ts'
import type { Storage, StorageSize } from '../port.ts'
import { budgetStore } from './budgets.ts'
import { configStore } from './config.ts'
import { deliveryStore } from './deliveries.ts'
import { deliveryWrites } from './delivery-writes.ts'
import { appendEvents, eventStore } from './events.ts'
import { keptTurns } from './kept.ts'
import { memoryStore } from './memory.ts'
import { messageText } from './message-text.ts'
import { migrate, schemaVersion } from './migrate.ts'
import { sessionStore } from './sessions.ts'
import { stepStore } from './steps.ts'
import { tokenStore } from './tokens.ts'
import { turnStore } from './turns.ts'
import { usageSums } from './usage.ts'
import { Writer } from './writer.ts'

/**
 * Opens the embedded storage in a folder, which is made (mode 0700) when it is not there.
 * @throws ConfigError if the folder cannot be written or another gateway uses it
 */
export function openSqlite(folder: string): Storage {
  const lock = claim(folder)
  const path = join(folder, 'gateway.db')
  const db = openDatabase(path, lock)
  const writer = new Writer(db)
  const append = appendEvents(db, writer)
  const memory = memoryStore(db, writer, path)
  const text = messageText(db, writer, path)
  const kept = keptTurns(db, writer)
  const usage = usageSums(db, writer, append)
  const budgets = budgetStore(db, writer, append)
  return {
    turns: turnStore({
      db,
      writer,
      append,
      count: usage.count,
      charge: budgets.charge,
      kept: kept.writes,
      deliveries: deliveryWrites(db, append),
      onMessages: text.wake
    }),
    kept: kept.store,
    sessions: sessionStore(db, writer, append, text.search),
    steps: stepStore(db, writer),
    tokens: tokenStore(db, writer, append),
    events: eventStore(db, writer, append),
    config: configStore(db, writer, append),
    memory,
    usage: usage.store,
    deliveries: deliveryStore(db, writer, append),
    budgets: budgets.store,
    get waiting() {
      return writer.waiting
    },
    check: () => writer.check(),
    size: () => sizeOf(db, path),
    async close() {
      await Promise.all([memory[Symbol.asyncDispose](), text.close()])
      writer.flush()
      db.close()
      lock.close()
    }
  }
}

/** The database with its log and the log's index, which are gone at times. */
async function sizeOf(db: DatabaseSync, path: string): Promise<StorageSize> {
  const sizes = await Promise.all(['', '-wal', '-shm'].map((suffix) => fileSize(path + suffix)))
  return { bytes: sizes.reduce((sum, size) => sum + size), schemaVersion: schemaVersion(db) }
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

function openDatabase(path: string, lock: DatabaseSync): DatabaseSync {
  try {
    createPrivate(path)
    refuseShared(path)
    const db = new DatabaseSync(path, { timeout: 5000, allowExtension: true })
    db.enableLoadExtension(false) // until vectors are needed
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
    // A savepoint keeps the pages that it changes: in a temporary file they cost more than all else of a small write.
    db.exec('PRAGMA temp_store = MEMORY')
    migrate(db)
    return db
  } catch (error) {
    lock.close()
    throw error
  }
}

/**
 * One process a folder: an exclusive transaction on a database of its own is a lock that the system lets go when the
 * process dies, however it dies.
 */
function claim(folder: string): DatabaseSync {
  const path = join(folder, 'lock.db')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    createPrivate(path)
  } catch (error) {
    throw unusable(`${folder} cannot be written (${(error as NodeJS.ErrnoException).code})`)
  }
  const lock = new DatabaseSync(path)
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch {
    lock.close()
    throw unusable(`${folder} is used by another gateway that is running`)
  }
}

const unusable = (message: string) => new ConfigError([{ path: 'dataDir', message }])

/** What it was copied or restored to may be open to all: it holds conversations, and by what tokens are verified. */
function refuseShared(path: string): void {
  try {
    for (const suffix of ['', '-wal', '-shm']) checkPrivateFile(path + suffix)
  } catch (error) {
    if (error instanceof PrivateFileError) throw unusable(error.message)
    throw error
  }
}

const createPrivate = (path: string) => closeSync(openSync(path, 'a', 0o600))
