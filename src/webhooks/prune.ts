import type { WebhooksConfig } from '../config/schema.ts'
import type { DeliveryStore } from '../storage/port.ts'

const DAY_MS = 86_400_000
const EVERY_MS = 600_000
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
  async function sweep(): Promise<void> {
    const { keepDays, keepDeadDays } = settings()
    const [doneBefore, deadBefore] = [keepDays, keepDeadDays].map((days) => Date.now() - days * DAY_MS) as [
      number,
      number
    ]
    while ((await store.prune(doneBefore, deadBefore, AT_ONCE)) === AT_ONCE) continue
  }
  const run = () => void sweep().catch(onError)
  const first = setTimeout(run, FIRST_MS).unref()
  const timer = setInterval(run, EVERY_MS).unref()
  return () => {
    clearTimeout(first)
    clearInterval(timer)
  }
}
