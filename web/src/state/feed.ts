import { effect, signal, untracked } from '@preact/signals'
import { ClientError, EVENT_TYPES, type EventType, type Gap, type GatewayEvent } from '../../../client/index.ts'
import { client, connection, fail, may, session } from './session.ts'

/** A line of the stream: an event, or what became of the connection that brings them. */
export interface FeedEntry {
  /** Grows by one, over everything that is shown. */
  readonly key: number
  readonly id: number | undefined
  readonly type: string
  readonly at: number
  readonly data: unknown
  /** What is searched: the payload as text, in lower case. */
  readonly text: string
}

/** How many are held. */
export const MOST_HELD = 10_000
const TYPES = EVENT_TYPES.filter((type) => type !== 'message:streaming')

/** All that is held, oldest first. The array is the same; `version` tells that it has changed. */
export const feed = { entries: [] as FeedEntry[], dropped: 0 }
/** Grows with each change of what is held, a few times a second at most: nobody reads faster than that. */
export const version = signal(0)
/** Whether pieces of answers are among the events. */
export const withDeltas = signal(false)

const listeners = new Set<(event: GatewayEvent) => void>()
let made = 0
let scheduled = false
let published = 0
const EVERY_MS = 100

/** Tells of each event as it comes. @returns stops it */
export function onEvent(listener: (event: GatewayEvent) => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export function clearFeed(): void {
  feed.entries = []
  changed()
}

function add(type: string, data: unknown, id?: number, at = Date.now()): void {
  const text = `${type} ${JSON.stringify(data)}`.toLowerCase()
  feed.entries.push({ key: ++made, id, type, at, data, text })
  // Cut in pieces: to move ten thousand for each event that comes would be work for nothing.
  if (feed.entries.length > MOST_HELD + 500) {
    feed.dropped += feed.entries.length - MOST_HELD
    feed.entries = feed.entries.slice(-MOST_HELD)
  }
  changed()
}

function changed(): void {
  if (scheduled) return
  scheduled = true
  const publish = () => {
    scheduled = false
    published = performance.now()
    version.value = untracked(() => version.value) + 1
  }
  const wait = published + EVERY_MS - performance.now()
  // A page in the background has no frames.
  if (document.hidden) setTimeout(publish, 2 * EVERY_MS)
  else if (wait > 0) setTimeout(() => requestAnimationFrame(publish), wait)
  else requestAnimationFrame(publish)
}

let last: number | undefined

/** Reads the stream for as long as someone is signed in who may. */
effect(() => {
  const signedIn = session.value
  if (signedIn === 'pending' || !signedIn || !untracked(() => may('rpc'))) return
  const types: readonly EventType[] = withDeltas.value ? EVENT_TYPES : TYPES
  const stop = new AbortController()
  untracked(() => void follow(types, stop.signal).catch(fail))
  return () => stop.abort()
})

effect(() => {
  if (session.value !== undefined) return
  last = undefined
  clearFeed()
})

async function follow(types: readonly EventType[], signal: AbortSignal): Promise<void> {
  if (last === undefined) last = await readNewest(signal)
  for await (const event of client().events({ types, since: last, signal })) take(event)
}

/** What happened before the dashboard was opened. */
async function readNewest(signal: AbortSignal): Promise<number | undefined> {
  try {
    const { entries } = await client().rest('listActivity', { query: { limit: '100' } }, { signal })
    for (const { id, event, payload, timestamp } of entries) add(event, payload, id, timestamp)
    return entries.at(-1)?.id ?? 0
  } catch (error) {
    if (error instanceof ClientError && error.reason === 'connection') return undefined
    throw error
  }
}

function take(event: GatewayEvent | Gap): void {
  if (event.id !== undefined) last = event.id
  add(event.type, event.data, event.id)
  if (event.type === 'gap') return
  for (const listener of listeners) listener(event)
}

/** What becomes of the connection is told among the events: a stream that was broken does not look whole. */
let lost = false
effect(() => {
  const status = connection.value
  if (status === 'waiting' && !lost) {
    lost = true
    add('stream:lost', { note: 'Trying again. What is missed comes when it is back.' })
  } else if (status === 'open' && lost) {
    lost = false
    add('stream:resumed', { note: `What was missed since event ${last ?? 0} follows.` })
  } else if (status === 'idle') lost = false
})

window.addEventListener('online', () => {
  const signedIn = session.value
  if (signedIn !== 'pending') signedIn?.client.retryNow()
})
