import { extname, join } from 'node:path'
import { Piscina } from 'piscina'

export interface WorkerPoolOptions {
  /** The worker's module below `src/`, without its extension, as `embeddings/offline/worker`. */
  module: string
  /** How long a thread without work is kept, in milliseconds; its memory goes with it. */
  idleMs: number
  /** Tasks that may wait; one more is rejected. Left out: any number, whoever calls it bounds them. */
  maxQueue?: number
  /** What the thread is told when it starts, as `workerData`. */
  workerData?: object
}

/**
 * One thread that starts at its first task, and ends when it had none for a while. Import this module where it is first
 * needed: whoever does not use it should not pay for loading it.
 */
export function openWorker<Task, Result>({
  module,
  idleMs,
  maxQueue = Infinity,
  workerData
}: WorkerPoolOptions): Piscina<Task, Result> {
  const pool = new Piscina<Task, Result>({
    filename: workerFile(module),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: idleMs,
    maxQueue,
    workerData,
    // A worker needs neither the secrets in the environment nor what this process was started with.
    env: {},
    execArgv: []
  })
  // A thread that dies of a task fails that task. One that dies without harms nobody: the next task starts another.
  pool.on('error', () => {})
  return pool
}

/** In the sources this file stands in `src/`, bundled in a folder beside `src/`: one level deep either way. */
const workerFile = (module: string): string =>
  join(import.meta.dirname, `../src/${module}${extname(import.meta.filename)}`)
