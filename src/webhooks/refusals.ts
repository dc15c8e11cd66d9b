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
