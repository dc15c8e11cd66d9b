import { GatewayError } from '../../errors.ts'

/** What a thread that searches is told when it starts. */
export interface SearchThreadOptions {
  /** Of the database. */
  path: string
}

export interface SearchThread<Query, Hits> {
  /** Aborting the signal rejects with its reason. @throws GatewayError `busy` once it is closed */
  run(query: Query, signal: AbortSignal): Promise<Hits>
  close(): Promise<void>
}

/** A search that takes longer is given up: the thread hangs. */
const SEARCH_MS = 30_000
const IDLE_MS = 300_000
const MAX_QUEUE = 1000

/**
 * Searches beside the event loop, in a thread that starts at the first search.
 * @param module the thread's, in this folder
 * @param path of the database, which the thread opens for itself
 */
export function searchThread<Query, Hits>(module: string, path: string): SearchThread<Query, Hits> {
  let opening: ReturnType<typeof open<Query, Hits>> | undefined
  let closed = false
  return {
    async run(query, signal) {
      if (closed) throw new GatewayError('busy', 'The storage is closed')
      const worker = await (opening ??= open<Query, Hits>(module, { path }))
      return worker.run(query, { signal: AbortSignal.any([signal, AbortSignal.timeout(SEARCH_MS)]) })
    },
    async close() {
      closed = true
      await (await opening)?.destroy()
    }
  }
}

async function open<Query, Hits>(module: string, workerData: SearchThreadOptions) {
  const { openWorker } = await import('../../workers.ts')
  return openWorker<Query, Hits>({
    module: `storage/sqlite/${module}`,
    idleMs: IDLE_MS,
    maxQueue: MAX_QUEUE,
    workerData
  })
}
