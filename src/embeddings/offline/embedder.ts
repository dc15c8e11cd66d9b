import type { Piscina } from 'piscina'
import { GatewayError } from '../../errors.ts'
import { checkDimensions } from '../dimensions.ts'
import type { Embedded, Embedder, EmbeddingRequest } from '../port.ts'
import { normalise, shorten } from '../vectors.ts'
import { Line } from './line.ts'
import { type Piece, toBatches } from './pieces.ts'
import type { EmbeddedPieces } from './worker.ts'

export const OFFLINE = { provider: 'offline', model: 'embeddings-en' } as const

export interface OfflineEmbedder extends Embedder, AsyncDisposable {}

const ID = `${OFFLINE.provider}/${OFFLINE.model}`
const DIMENSIONS = 512
/** The model takes some 200 MB while it is loaded, and half a second to load. */
const IDLE_MS = 60_000
/** The longest that a batch of eight short texts may take: a thousand times what it does take. */
const BATCH_MS = 60_000
const MAX_REQUESTS = 256
/** Batches in the line; at 70 ms each the last of them is done after some five minutes. */
const MAX_BATCHES = 4096

type Worker = Piscina<string[], EmbeddedPieces>

/** One call of `embed`, and how far it has come. */
interface Job {
  batches: Piece[][]
  sums: Float32Array[]
  tokens: number
  /** It is done, or has failed. */
  resolve(): void
  reject(reason: unknown): void
}

/**
 * A small English sentence encoder that needs no network: its weights come with a package. It runs in a thread of its
 * own, which starts at the first use; calls of any size take turns there.
 * @param open gives the thread, at the first use
 */
export function offlineEmbedder(open = openModel): OfflineEmbedder {
  const line = new Line<Job>()
  let batchesLeft = 0
  let opened: Promise<Worker> | undefined
  let current: Job | undefined
  let closed = false

  async function embed({ texts, dimensions }: EmbeddingRequest, signal: AbortSignal): Promise<Embedded> {
    checkDimensions(dimensions, DIMENSIONS, ID)
    signal.throwIfAborted()
    if (closed) throw closing()
    if (texts.length === 0) return { vectors: [], tokens: 0 }
    const batches = toBatches(texts)
    if (line.size >= MAX_REQUESTS || (batchesLeft > 0 && batchesLeft + batches.length > MAX_BATCHES)) throw busy()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const job: Job = { batches, sums: texts.map(() => new Float32Array(DIMENSIONS)), tokens: 0, resolve, reject }
    const leave = () => end(job, signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    batchesLeft += batches.length
    line.join(job)
    if (!current) void serve()
    try {
      await promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
    return { vectors: job.sums.map((sum) => shorten(normalise(sum), dimensions)), tokens: job.tokens }
  }

  /** Takes a job out of the line for good. The batch that is being computed for it goes on, unheeded. */
  function end(job: Job, reason: unknown): void {
    batchesLeft -= job.batches.length
    job.batches = []
    line.leave(job)
    job.reject(reason)
  }

  /** Serves the line until it is empty, one batch after the other. Does not throw: whoever it fails is told. */
  async function serve(): Promise<void> {
    while ((current = line.next())) {
      const job = current
      const batch = job.batches.pop()
      if (!batch) continue
      batchesLeft--
      try {
        const worker = await (opened ??= open())
        add(
          job,
          batch,
          await worker.run(
            batch.map(({ text }) => text),
            { signal: AbortSignal.timeout(BATCH_MS) }
          )
        )
        if (job.batches.length > 0) line.rejoin(job)
        else job.resolve()
      } catch (error) {
        end(job, closed ? closing() : failed(error))
      }
    }
  }

  return {
    id: ID,
    providerId: OFFLINE.provider,
    model: OFFLINE.model,
    dimensions: DIMENSIONS,
    embed,
    async [Symbol.asyncDispose]() {
      if (closed) return
      closed = true
      for (const job of line.clear()) end(job, closing())
      await (await opened)?.destroy()
    }
  }
}

async function openModel(): Promise<Worker> {
  const { openWorker } = await import('../../workers.ts')
  return openWorker({ module: 'embeddings/offline/worker', idleMs: IDLE_MS })
}

function add(job: Job, batch: Piece[], { vectors, tokens }: EmbeddedPieces): void {
  for (const [index, { owner }] of batch.entries()) {
    job.tokens += tokens[index] ?? 0
    const sum = job.sums[owner]
    if (!sum) continue
    for (let at = 0; at < DIMENSIONS; at++) sum[at]! += vectors[index * DIMENSIONS + at]!
  }
}

function failed(cause: unknown): GatewayError {
  if (cause instanceof Error && cause.name === 'AbortError') {
    return new GatewayError('provider_timeout', 'The offline embedding model took too long', { cause })
  }
  return new GatewayError('provider_failed', 'The offline embedding model failed', { cause })
}

const busy = () =>
  new GatewayError('busy', 'Too many texts wait for the offline embedding model', { retryAfterSeconds: 5 })
const closing = () => new GatewayError('busy', 'The gateway is shutting down', { retryAfterSeconds: 1 })
