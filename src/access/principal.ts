import type { Scope, TokenLimits } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'

/** Who a request comes from, however that was proven. */
export interface Principal {
  /** The token's id; it owns the sessions and turns that it starts. */
  readonly clientId: string
  readonly scopes: readonly Scope[]
  /** What it may use, as it is at the moment; undefined: there are no limits of its own. */
  readonly limits?: TokenLimits | undefined
}

/** Whether one of the wanted scopes is held. `*` stands for all but `mcp-client`. */
export function allows(principal: Principal, ...wanted: Scope[]): boolean {
  return wanted.some(
    (scope) => principal.scopes.includes(scope) || (scope !== 'mcp-client' && principal.scopes.includes('*'))
  )
}

/** Whose things are found where no client is named: an admin's are those of all (undefined), else one's own. */
export const findableBy = (principal: Principal): string | undefined =>
  allows(principal, 'admin') ? undefined : principal.clientId

/**
 * The same, where a client may be named: an admin's are those of one client then.
 * @throws GatewayError `forbidden` to others that name another client
 */
export const findableOf = (principal: Principal, clientId: string | undefined): string | undefined =>
  clientId === undefined ? findableBy(principal) : ownerOf(principal, clientId)

/**
 * Whose things are asked for: one's own, unless an admin names another client.
 * @throws GatewayError `forbidden`
 */
export function ownerOf(principal: Principal, clientId: string | undefined): string {
  if (clientId === undefined || clientId === principal.clientId) return principal.clientId
  if (!allows(principal, 'admin')) throw new GatewayError('forbidden', 'Forbidden: insufficient scope')
  return clientId
}
