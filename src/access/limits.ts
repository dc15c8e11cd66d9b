import { isSameBudget, limitsAmong, wrongWithBudget } from '../config/budgets.ts'
import type { Budget, TokenLimits } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import type { ClientLimits } from '../storage/port.ts'
import type { Principal } from './principal.ts'

/** The limits of clients by their ids. They are the client's, whichever secret it comes by. */
export class LimitBook {
  readonly #limits = new Map<string, TokenLimits>()

  /**
   * @param configured what the configuration says
   * @param changed what was set at run time: it stands above that, for all of a group
   */
  constructor(configured: readonly ClientLimits[], changed: readonly ClientLimits[]) {
    this.set(changed)
    const groups = new Map(changed.flatMap(({ limits: { budget } }) => (budget?.group ? [[budget.group, budget]] : [])))
    for (const { clientId, limits } of configured) {
      if (this.#limits.has(clientId)) continue
      const budget = groups.get(limits.budget?.group ?? '') ?? limits.budget
      this.#limits.set(clientId, { ...limits, budget })
    }
  }

  of(clientId: string): TokenLimits | undefined {
    return this.#limits.get(clientId)
  }

  set(clients: readonly ClientLimits[]): void {
    for (const { clientId, limits } of clients) this.#limits.set(clientId, limits)
  }

  delete(clientId: string): void {
    this.#limits.delete(clientId)
  }

  /** Those that share a budget. */
  membersOf(group: string): ClientLimits[] {
    return [...this.#limits].flatMap(([clientId, limits]) =>
      limits.budget?.group === group ? [{ clientId, limits }] : []
    )
  }

  /** @throws GatewayError `invalid_request` for a budget that its group has otherwise */
  refuseOtherBudget(budget: Budget | undefined): void {
    const [first] = budget?.group === undefined ? [] : this.membersOf(budget.group)
    if (!budget || !first?.limits.budget || isSameBudget(first.limits.budget, budget)) return
    throw invalid(`The group "${budget.group}" has another budget`)
  }
}

/** @throws GatewayError `invalid_request` for what the schema cannot tell */
export function checkLimits({ budget }: TokenLimits): void {
  const wrong = budget && wrongWithBudget(budget)
  if (wrong) throw invalid(`Invalid budget: ${wrong}`)
}

/** Changes to limits: null takes one away, what is left out stays. */
export type LimitChanges = { [K in keyof TokenLimits]?: TokenLimits[K] | null }

export function changeLimits(limits: TokenLimits, changes: LimitChanges): TokenLimits {
  const all = { ...limits, ...limitsAmong(changes as TokenLimits) }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null))
}

export const mayUseAgent = ({ limits }: Principal, agentId: string): boolean =>
  limits?.agents?.includes(agentId) ?? true

/** @param name `provider/model` */
export function mayUseModel({ limits }: Principal, name: string): boolean {
  if (!limits?.models) return true
  return limits.models.includes(name) || limits.models.includes(`${name.slice(0, name.indexOf('/'))}/*`)
}

/** @throws GatewayError `not_allowed` */
export function refuseAgent(by: Principal, agentId: string): void {
  if (!mayUseAgent(by, agentId)) throw notAllowed(`this token may not use the agent "${agentId}"`)
}

/**
 * The agents whose things are looked through: the one that is named, else all that a client may use; undefined: all there are.
 * @throws GatewayError `not_allowed`
 */
export function agentsOf(by: Principal, agentId: string | undefined): readonly string[] | undefined {
  if (agentId === undefined) return by.limits?.agents
  refuseAgent(by, agentId)
  return [agentId]
}

/** @throws GatewayError `not_allowed` */
export function refuseModel(by: Principal, name: string): void {
  if (!mayUseModel(by, name)) throw notAllowed(`this token may not use the model "${name}"`)
}

export const notAllowed = (why: string): GatewayError => new GatewayError('not_allowed', `Forbidden: ${why}`)
const invalid = (message: string) => new GatewayError('invalid_request', message, { param: 'budget' })
