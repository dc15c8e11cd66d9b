import { GatewayError } from '../errors.ts'
import type { Events } from '../events/events.ts'

/** Follows which providers answer, and tells when that changes. */
export interface ProviderHealth {
  /** A call of it was answered to the end. */
  worked(providerId: string): void
  /** A call of it failed; what is the fault of the request does not count. */
  failed(providerId: string, error: unknown): void
}

const ITS_FAULT: ReadonlySet<string> = new Set([
  'provider_failed',
  'provider_refused',
  'provider_rate_limited',
  'provider_timeout'
])

export function followHealth(events: Events): ProviderHealth {
  const degradedSince = new Map<string, number>()
  return {
    worked(provider) {
      const since = degradedSince.get(provider)
      if (since === undefined) return
      degradedSince.delete(provider)
      events.emit('provider:recovered', { provider, degradedMs: Math.round(performance.now() - since) })
    },
    failed(provider, error) {
      if (!(error instanceof GatewayError) || !ITS_FAULT.has(error.code) || degradedSince.has(provider)) return
      degradedSince.set(provider, performance.now())
      events.emit('provider:degraded', { provider, reason: error.code, message: error.message })
    }
  }
}
