import type { Config } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import type { Events } from '../events/events.ts'
import { Slots } from '../limits/slots.ts'
import { checkId } from './id.ts'
import { openSigner, type Signer } from './sign.ts'
import type { Draft, MediaInfo, MediaStore, OpenMedia } from './store.ts'
import { declaredType, HEAD_BYTES, typeOf } from './types.ts'

export interface Saved extends MediaInfo {
  /** Milliseconds since the epoch; null where files are kept. */
  expiresAt: number | null
}

export interface Upload {
  /** The bytes, as they come; each piece is of no use any more once the next one is asked for. */
  source: AsyncIterable<Uint8Array>
  /** As the client declared it. */
  contentType: string | undefined
  /** Whose it is: one client leaves room for the others. */
  clientId: string
}

export interface Media {
  readonly signer: Signer
  /** @throws GatewayError `invalid_request`, `not_found`, `gone` */
  open(id: string): Promise<OpenMedia & Saved>
  /** @throws GatewayError as `open` does */
  stat(id: string): Promise<Saved>
  /** @throws GatewayError `too_large`, `storage_full`, `unsupported_media`, `busy` */
  save(upload: Upload): Promise<Saved>
  /** @throws GatewayError `not_found` */
  remove(id: string, clientId: string): Promise<void>
  list(limit: number, after?: string): Promise<{ media: Saved[]; next: string | undefined }>
  /** Begins nothing any more, and resolves once nothing goes on. Uploads end by their sources. */
  stop(): Promise<void>
}

export interface MediaOptions {
  store: MediaStore
  dataDir: string
  settings(): Config['gateway']['media']
  events: Events
  onError(error: unknown): void
}

/** A sweep looks at every file: the longer files live, the less it matters when the space is free again. */
const SWEEPS_A_LIFE = 24
const LEAST_SWEEP_MS = 60_000
const MOST_SWEEP_MS = 3_600_000

export function openMedia({ store, dataDir, settings, events, onError }: MediaOptions): Media {
  let used = 0
  let stopped = false
  const uploads = new Set<Promise<unknown>>()
  const slots = new Slots(() => uploadLimits(settings()), 'Too many uploads at once')

  const expiryOf = ({ savedAt }: MediaInfo) => {
    const { ttlSeconds } = settings()
    return ttlSeconds === 0 ? null : savedAt + ttlSeconds * 1000
  }
  const withExpiry = <T extends MediaInfo>(info: T) => ({ ...info, expiresAt: expiryOf(info) })
  const isOver = (info: MediaInfo) => (expiryOf(info) ?? Infinity) <= Date.now()

  async function fail(id: string): Promise<never> {
    const known = await store.stat(id)
    if (known?.isGone && isOver(known)) throw new GatewayError('gone', 'This file is past its time')
    throw new GatewayError('not_found', 'Not Found')
  }

  /** Takes the bytes of what is over away; that it was there is known for as long again. */
  async function retireOver(info: MediaInfo & { isGone: boolean }): Promise<void> {
    const expiresAt = expiryOf(info) ?? Infinity
    if (!info.isGone) {
      if (await store.retire(info.id)) used -= info.size
    } else if (expiresAt + settings().ttlSeconds * 1000 <= Date.now()) await store.remove(info.id)
  }

  async function sweep(): Promise<void> {
    for await (const info of store.list()) {
      if (stopped) return
      if (isOver(info)) await retireOver(info)
    }
  }

  /** At a start nothing is being written: what is not whole is what a crash has left. */
  async function begin(): Promise<void> {
    await store.recover()
    for await (const info of store.list()) {
      if (stopped) return
      if (!info.isGone) used += info.size
      else if (!isOver(info)) await store.remove(info.id)
    }
    await sweep()
  }

  const ready = begin()
  ready.catch(onError)
  let sweeping: Promise<void> = ready.catch(() => {})
  let isSweeping = false
  let timer: NodeJS.Timeout | undefined
  function sweepLater(): void {
    const life = (settings().ttlSeconds * 1000) / SWEEPS_A_LIFE
    timer = setTimeout(sweepNow, Math.min(Math.max(life, LEAST_SWEEP_MS), MOST_SWEEP_MS)).unref()
  }
  function sweepNow(): void {
    if (stopped || isSweeping) return
    clearTimeout(timer)
    isSweeping = true
    sweeping = ready
      .then(sweep)
      .catch(onError)
      .finally(() => {
        isSweeping = false
        if (!stopped) sweepLater()
      })
  }
  sweepLater()

  async function take(
    draft: Draft,
    { source, contentType }: Upload,
    count: (bytes: number) => void
  ): Promise<MediaInfo> {
    const declared = declaredType(contentType)
    const head: Uint8Array[] = []
    let seen = 0
    let type: string | undefined
    for await (const chunk of source) {
      count(chunk.length)
      if (type === undefined) head.push(Uint8Array.from(chunk.subarray(0, HEAD_BYTES)))
      seen += chunk.length
      if (type === undefined && seen >= HEAD_BYTES) type = await typeOf(Buffer.concat(head), declared)
      await draft.write(chunk)
    }
    return draft.keep(type ?? (await typeOf(Buffer.concat(head), declared)))
  }

  async function write(upload: Upload): Promise<Saved> {
    await ready
    let size = 0
    function count(bytes: number): void {
      size += bytes
      used += bytes
      const { maxUploadBytes, quotaBytes } = settings()
      if (size > maxUploadBytes) throw tooLarge(maxUploadBytes)
      if (used <= quotaBytes) return
      sweepNow() // what is over may still take room
      throw new GatewayError('storage_full', 'There is no room left (gateway.media.quotaBytes)')
    }
    const draft = await store.create()
    try {
      return withExpiry(await take(draft, upload, count))
    } catch (error) {
      used -= size
      await draft.drop()
      throw error
    }
  }

  async function save(upload: Upload): Promise<Saved> {
    if (stopped) throw new GatewayError('busy', 'The gateway is shutting down', { retryAfterSeconds: 5 })
    using _slot = await slots.acquire(upload.clientId, NEVER)
    const writing = write(upload)
    uploads.add(writing)
    try {
      return await writing
    } finally {
      uploads.delete(writing)
    }
  }

  return {
    signer: openSigner(dataDir),
    async open(id) {
      const found = await store.open(checkId(id))
      if (!found) return fail(id)
      if (!isOver(found)) return withExpiry(found)
      await found.handle.close()
      throw new GatewayError('gone', 'This file is past its time')
    },
    async stat(id) {
      const found = await store.stat(checkId(id))
      if (!found || found.isGone) return fail(id)
      if (isOver(found)) throw new GatewayError('gone', 'This file is past its time')
      return withExpiry(found)
    },
    save,
    async remove(id, clientId) {
      await ready
      const found = await store.stat(checkId(id))
      if (!found || found.isGone || !(await store.remove(id))) throw new GatewayError('not_found', 'Not Found')
      used -= found.size
      events.emit('audit:event', { action: 'media.delete', outcome: 'done', subject: id, clientId })
    },
    async list(limit, after) {
      const media: Saved[] = []
      for await (const info of store.list(after)) {
        if (info.isGone || isOver(info)) continue
        media.push(withExpiry(info))
        if (media.length > limit) break
      }
      const more = media.length > limit
      const page = media.slice(0, limit)
      return { media: page, next: more ? page.at(-1)?.id : undefined }
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await Promise.allSettled([ready, sweeping, ...uploads])
    }
  }
}

const NEVER = new AbortController().signal

/** None waits for a place: the bytes are under way already. */
const uploadLimits = ({ maxUploads, maxUploadsPerClient }: Config['gateway']['media']) => ({
  maxConcurrent: maxUploads,
  maxPerClient: maxUploadsPerClient,
  maxQueued: 0,
  queueMs: 0
})

export const tooLarge = (limit: number) =>
  new GatewayError('too_large', `The file is larger than ${limit} bytes (gateway.media.maxUploadBytes)`)
