import { GatewayError } from '../errors.ts'
import type { Events } from '../events/events.ts'

/** What a provider is called for: that one of them works says nothing of the other. */
export type ProviderCall = 'chat' | 'embedding'

/** How a provider is; `unknown` until it was called. */
export type ProviderState =
  | { status: 'ok' | 'unknown' }
  | {
      status: 'degraded'
      /** Milliseconds since the epoch. */
      since: number
      /** The code of the first failure. */
      reason: string
    }

/** Follows which providers answer, and tells when that changes. */
export interface ProviderHealth {
  /** A call of it was answered to the end. */
  worked(providerId: string, call: ProviderCall): void
  /** A call of it failed; what is the fault of the request does not count. */
  failed(providerId: string, call: ProviderCall, error: unknown): void
  of(providerId: string): ProviderState
}

/** Whether a call failed by the fault of its provider, and not of the request. */
export const isProvidersFault = (error: unknown): error is GatewayError =>
  error instanceof GatewayError && ITS_FAULT.has(error.code)

const ITS_FAULT: ReadonlySet<string> = new Set([
  'provider_failed',
  'provider_refused',
  'provider_rate_limited',
  'provider_timeout'
])

interface Known {
  failing: Set<ProviderCall>
  since: number
  reason: string
}

export function followHealth(events: Events): ProviderHealth {
  const called = new Map<string, Known>()
  function known(provider: string): Known {
    let found = called.get(provider)
    if (!found) called.set(provider, (found = { failing: new Set(), since: 0, reason: '' }))
    return found
  }

  return {
    worked(provider, call) {
      const { failing, since } = known(provider)
      if (!failing.delete(call) || failing.size > 0) return
      events.emit('provider:recovered', { provider, degradedMs: Date.now() - since })
    },
    failed(provider, call, error) {
      if (!isProvidersFault(error)) return
      const state = known(provider)
      const wasDegraded = state.failing.size > 0
      state.failing.add(call)
      if (wasDegraded) return
      Object.assign(state, { since: Date.now(), reason: error.code })
      events.emit('provider:degraded', { provider, reason: error.code, message: error.message })
    },
    of(provider) {
      const found = called.get(provider)
      if (!found) return { status: 'unknown' }
      const { failing, since, reason } = found
      return failing.size > 0 ? { status: 'degraded', since, reason } : { status: 'ok' }
    }
  }
}
