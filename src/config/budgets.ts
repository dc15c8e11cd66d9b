import type { Issue } from '../schema/explain.ts'
import type { Budget, Config, TokenLimits } from './schema.ts'

const LIMITS = ['agents', 'models', 'rateLimit', 'tokensPerMinute', 'budget'] as const

/** The limits among other properties; undefined where there are none. */
export function limitsAmong(given: TokenLimits): TokenLimits | undefined {
  const limits = Object.fromEntries(LIMITS.flatMap((key) => (given[key] === undefined ? [] : [[key, given[key]]])))
  return Object.keys(limits).length > 0 ? limits : undefined
}

/** What is wrong with a budget; undefined: nothing. */
export function wrongWithBudget({ usd, tokens }: Budget): string | undefined {
  return (usd === undefined) === (tokens === undefined) ? 'expected either `usd` or `tokens`' : undefined
}

export const isSameBudget = (one: Budget, other: Budget): boolean =>
  one.usd === other.usd && one.tokens === other.tokens && one.per === other.per

/** Tokens, and clients that come by certificates, with what is wrong with their limits, each alone and beside the others. */
export function limitIssues({ gateway: { tokens, tls } }: Config): Issue[] {
  const clients = [
    ...tokens.map((token, index) => ({ path: `gateway.tokens.${index}`, ...token })),
    ...(tls?.clients ?? []).map((client, index) => ({ path: `gateway.tls.clients.${index}`, ...client }))
  ]
  return [...budgetIssues(clients), ...twiceIssues(clients)]
}

type Client = TokenLimits & { id: string; path: string }

function budgetIssues(clients: readonly Client[]): Issue[] {
  const groups = new Map<string, { id: string; budget: Budget }>()
  return clients.flatMap(({ id, path, budget }) => {
    const wrong = budget && wrongWithBudget(budget)
    if (wrong) return [{ path: `${path}.budget`, message: wrong }]
    if (budget?.group === undefined) return []
    const first = groups.get(budget.group)
    if (!first) groups.set(budget.group, { id, budget })
    if (!first || isSameBudget(first.budget, budget)) return []
    const message = `the group "${budget.group}" has another budget by "${first.id}"`
    return [{ path: `${path}.budget`, message }]
  })
}

/** A client that comes by two certificates, or by a token too, has its limits once. */
function twiceIssues(clients: readonly Client[]): Issue[] {
  const limited = new Map<string, string>()
  return clients.flatMap(({ path, ...client }) => {
    const limits = limitsAmong(client)
    if (!limits) return []
    const known = limited.get(client.id)
    if (known === undefined) limited.set(client.id, JSON.stringify(limits))
    if (known === undefined || known === JSON.stringify(limits)) return []
    return [{ path, message: `"${client.id}" has other limits elsewhere: limits are the client’s` }]
  })
}
