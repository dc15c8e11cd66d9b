import type { Events } from '../events/events.ts'
import { clientOfMapping } from './client.ts'
import type { RefusalReason } from './signatures/scheme.ts'

/** What a sender is told. */
export const REFUSALS: Record<RefusalReason, string> = {
  missing_signature: 'Missing webhook signature',
  invalid_signature: 'Invalid webhook signature',
  two_signatures: 'Invalid webhook signature: more than one',
  missing_timestamp: 'Missing webhook timestamp',
  invalid_timestamp: 'Invalid webhook timestamp',
  stale_timestamp: 'Webhook timestamp is too far off'
}

/** Tells admins of refused deliveries. */
export interface Refusals {
  add(mappingId: string, reason: RefusalReason): void
  stop(): void
}

const WINDOW_MS = 10_000

/** What repeats is told at its first, and once more for all that came within the window: a flood is not to fill the journal. */
export function openRefusals(events: Events): Refusals {
  const more = new Map<string, { mappingId: string; reason: RefusalReason; count: number }>()

  function tell(mappingId: string, reason: RefusalReason, count: number): void {
    const clientId = clientOfMapping(mappingId)
    events.emit('audit:event', {
      action: 'webhook.accept',
      outcome: 'refused',
      subject: mappingId,
      reason,
      count,
      clientId
    })
  }

  function tellMore(): void {
    for (const { mappingId, reason, count } of more.values()) if (count > 0) tell(mappingId, reason, count)
    more.clear()
  }

  const timer = setInterval(tellMore, WINDOW_MS).unref()
  return {
    add(mappingId, reason) {
      const key = `${mappingId} ${reason}`
      const known = more.get(key)
      if (known) return void known.count++
      more.set(key, { mappingId, reason, count: 0 })
      tell(mappingId, reason, 1)
    },
    stop() {
      clearInterval(timer)
      tellMore()
    }
  }
}
