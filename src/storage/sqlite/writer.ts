import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { GatewayError } from '../../errors.ts'
import { diskFault } from '../fault.ts'
import type { JournalEntry } from '../port.ts'
import { schemaVersion } from './migrate.ts'

interface Job {
  work(): unknown
  resolve(value: unknown): void
  reject(error: unknown): void
}

const MAX_WAITING = 10_000

/** Least time between two commits: under load writes wait this long for company. */
const SPACING_MS = 4
/** Longest time that a write nobody waits for is put off. */
const DEFERRED_MS = 100

/**
 * Groups writes: all that is asked for in one turn of the event loop becomes one commit, since a commit costs an fsync
 * and a write does not; under load, all that is asked for within some milliseconds. Each write is still a transaction
 * of its own: one that fails takes no other with it.
 */
export class Writer {
  readonly #db: DatabaseSync
  readonly #save: StatementSync
  readonly #release: StatementSync
  #waiting: Job[] = []
  #cancel: (() => void) | undefined
  /** Only writes that may wait are waiting. */
  #deferred = false
  #committedAt = 0
  /** The last commit did, or the disk failed a write within it. */
  #failed = false
  #faulty = false
  #outbox: JournalEntry[] = []
  /** Is told of the events of each commit, after it. */
  onEvents: (entries: readonly JournalEntry[]) => void = () => {}

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#save = db.prepare('SAVEPOINT job')
    this.#release = db.prepare('RELEASE job')
  }

  /** How many writes wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Resolves after a commit. One of nothing tells little: after a commit that failed it is one of something. */
  check(): Promise<void> {
    return this.run(() => {
      if (this.#failed) this.#db.exec(`PRAGMA user_version = ${schemaVersion(this.#db)}`)
    })
  }

  /** Within a write: an event that is to be told once its commit is on disk, and not at all if that fails. */
  tellLater(entry: JournalEntry): void {
    this.#outbox.push(entry)
  }

  /**
   * Runs `work` in the next commit. Resolves to its result once that is on disk, rejects with what it threw.
   * @param deferred it may wait some milliseconds for the commit of another
   */
  run<T>(work: () => T, deferred = false): Promise<T> {
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new GatewayError('busy', 'The storage is too busy', { retryAfterSeconds: 1 }))
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve, reject })
      this.#schedule(deferred)
    })
  }

  /** Commits what waits, now. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#deferred = false
    const jobs = this.#waiting
    if (jobs.length === 0) return
    this.#waiting = []
    this.#outbox = []
    this.#faulty = false
    try {
      const settlements = this.#commit(jobs)
      this.#failed = this.#faulty
      if (this.#outbox.length > 0) this.onEvents(this.#outbox)
      settle(settlements)
    } catch (error) {
      this.#failed = true
      for (const job of jobs) job.reject(error)
    } finally {
      this.#committedAt = performance.now()
    }
  }

  #schedule(deferred: boolean): void {
    if (this.#cancel && (deferred || !this.#deferred)) return
    this.#cancel?.()
    this.#deferred = deferred
    this.#cancel = later(
      () => this.flush(),
      deferred ? DEFERRED_MS : this.#committedAt + SPACING_MS - performance.now()
    )
  }

  #commit(jobs: Job[]): (() => void)[] {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const settlements = jobs.map((job) => this.#attempt(job))
      this.#db.exec('COMMIT')
      return settlements
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  #attempt(job: Job): () => void {
    this.#save.run()
    const told = this.#outbox.length
    try {
      const value = job.work()
      this.#release.run()
      return () => job.resolve(value)
    } catch (error) {
      // A full disk ends the whole transaction by itself; then no savepoint is left to go back to.
      if (!this.#db.isTransaction) throw error
      this.#faulty ||= diskFault(error) !== undefined
      this.#db.exec('ROLLBACK TO job; RELEASE job')
      this.#outbox.length = told
      return () => job.reject(error)
    }
  }
}

function settle(settlements: (() => void)[]): void {
  for (const done of settlements) done()
}

/** Calls back after `ms`, or at the end of this turn of the event loop. @returns takes it back */
function later(callback: () => void, ms: number): () => void {
  if (ms <= 0) {
    const immediate = setImmediate(callback)
    return () => clearImmediate(immediate)
  }
  const timer = setTimeout(callback, ms)
  return () => clearTimeout(timer)
}
