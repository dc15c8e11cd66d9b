import type { WebhooksConfig } from '../config/schema.ts'
import type { DeliveryStore } from '../storage/port.ts'

const DAY_MS = 86_400_000
/** The shorter deliveries are kept, the more it matters when they go. */
const SWEEPS_A_LIFE = 24
const LEAST_MS = 1000
const MOST_MS = 600_000
/** A gateway that is started anew again and again has to get to it as well. */
const FIRST_MS = 30_000
/** Of one write: more would keep everyone waiting. */
const AT_ONCE = 200

/** Forgets deliveries that ended long ago. @returns what ends it */
export function pruneDeliveries(
  store: DeliveryStore,
  settings: () => WebhooksConfig,
  onError: (error: unknown) => void
): () => void {
  let timer: NodeJS.Timeout
  const ending = new AbortController()

  async function sweep(): Promise<void> {
    const { keepDays, keepDeadDays } = settings()
    const now = Date.now()
    const [doneBefore, deadBefore] = [now - keepDays * DAY_MS, now - keepDeadDays * DAY_MS]
    while (!ending.signal.aborted) {
      if ((await store.prune(doneBefore, deadBefore, AT_ONCE)) < AT_ONCE) return
    }
  }

  function sweepLater(mostMs: number): void {
    const { keepDays, keepDeadDays } = settings()
    const pause = (Math.min(keepDays, keepDeadDays) * DAY_MS) / SWEEPS_A_LIFE
    timer = setTimeout(run, Math.min(Math.max(pause, LEAST_MS), mostMs)).unref()
  }

  async function run(): Promise<void> {
    await sweep().catch(onError)
    if (!ending.signal.aborted) sweepLater(MOST_MS)
  }

  sweepLater(FIRST_MS)
  return () => {
    ending.abort()
    clearTimeout(timer)
  }
}
