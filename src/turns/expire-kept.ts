import type { KeptTurnStore } from '../storage/port.ts'

const DAY_MS = 86_400_000
/** How long a kept turn can be read and gone on from. */
const KEPT_MS = 30 * DAY_MS
const EVERY_MS = 600_000
/** Of one write: more would keep everyone waiting. */
const AT_ONCE = 50

/** Forgets kept turns after thirty days. @returns what ends it */
export function expireKeptTurns(store: KeptTurnStore, onError: (error: unknown) => void): () => void {
  async function sweep(): Promise<void> {
    const before = Date.now() - KEPT_MS
    while ((await store.expire(before, AT_ONCE)) === AT_ONCE) continue
  }
  const timer = setInterval(() => void sweep().catch(onError), EVERY_MS).unref()
  return () => clearInterval(timer)
}
