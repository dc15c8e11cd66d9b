import type { Budget, Scope, TokenLimits } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import { mayUseModel, notAllowed } from './limits.ts'
import type { Principal } from './principal.ts'

/**
 * Tokens are an admin's to hand out, with each scope by its name. `*` is more than these: what the next version adds is in it
 * too. So it is for those to give that hold it.
 *
 * @throws GatewayError `forbidden`
 */
export function refuseScopes(by: Principal, scopes: readonly Scope[]): void {
  if (!scopes.includes('*') || by.scopes.includes('*')) return
  throw new GatewayError('forbidden', 'Forbidden: only a token with the scope "*" can give it', { reason: '*' })
}

/**
 * Who is limited can give no more than it has, neither to others nor to itself. A rate of requests is no such limit: it
 * is about the door, and not about what is behind it.
 *
 * @throws GatewayError `not_allowed`
 */
export function refuseBeyond(by: Principal, clientId: string, given: TokenLimits): void {
  const { agents, models, tokensPerMinute, budget } = by.limits ?? {}
  if (agents && !given.agents?.every((id) => agents.includes(id))) throw beyond('agents')
  if (models && !given.models?.every((name) => mayUseModel(by, name))) throw beyond('models')
  if (tokensPerMinute !== undefined && !((given.tokensPerMinute ?? Infinity) <= tokensPerMinute)) {
    throw beyond('tokensPerMinute')
  }
  if (budget && !isWithin(given.budget, budget, clientId === by.clientId)) throw beyond('budget')
}

/** A second budget of the same size would be twice as much: another client's has to be the same, shared by their group. */
function isWithin(given: Budget | undefined, own: Budget, isSelf: boolean): boolean {
  if (!given || given.per !== own.per || given.group !== own.group) return false
  if (own.group === undefined && !isSelf) return false
  if ((given.usd === undefined) !== (own.usd === undefined)) return false
  return (given.usd ?? 0) <= (own.usd ?? 0) && (given.tokens ?? 0) <= (own.tokens ?? 0)
}

const beyond = (limit: keyof TokenLimits) =>
  notAllowed(`this token is limited itself, and cannot give more than its own \`${limit}\``)
