import type { WebhooksConfig } from '../config/schema.ts'
import type { DeliveryStore } from '../storage/port.ts'

const DAY_MS = 86_400_000
const EVERY_MS = 600_000
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
  const timer = setInterval(() => void sweep().catch(onError), EVERY_MS).unref()
  return () => clearInterval(timer)
}
