import type { Events } from '../events/events.ts'
import type { SessionStore } from '../storage/port.ts'

export interface ExpireOptions {
  sessions: SessionStore
  events: Events
  /** After how long a session expires, asked each time. */
  idleMinutes(): number
  onError(error: unknown): void
}

/** Sessions of one write: more would keep everyone waiting. */
const AT_ONCE = 200
const MOST_OFTEN_MS = 1000
const LEAST_OFTEN_MS = 60_000

/** Expires idle sessions, now and then. @returns what ends it */
export function expireSessions({ sessions, events, idleMinutes, onError }: ExpireOptions): () => void {
  const everyMs = Math.min(LEAST_OFTEN_MS, Math.max(MOST_OFTEN_MS, (idleMinutes() * 60_000) / 4))

  async function sweep(): Promise<void> {
    const idle = idleMinutes()
    const before = Date.now() - idle * 60_000
    let expired: number
    do {
      expired = await sessions.expire(before, AT_ONCE, ({ clientId, key, agentId }) =>
        events.prepare('session:expired', { sessionKey: key, clientId, agentId, idleMinutes: idle })
      )
    } while (expired === AT_ONCE)
  }

  const timer = setInterval(() => void sweep().catch(onError), everyMs).unref()
  return () => clearInterval(timer)
}
