import type { Issue } from '../schema/explain.ts'
import type { Budget } from './schema.ts'

/** What is wrong with a budget; undefined: nothing. */
export function wrongWithBudget({ usd, tokens }: Budget): string | undefined {
  return (usd === undefined) === (tokens === undefined) ? 'expected either `usd` or `tokens`' : undefined
}

export const isSameBudget = (one: Budget, other: Budget): boolean =>
  one.usd === other.usd && one.tokens === other.tokens && one.per === other.per

/** Tokens that name a group of which another token has it that its budget is another one. */
export function groupIssues(tokens: readonly { id: string; budget?: Budget }[]): Issue[] {
  const groups = new Map<string, { id: string; budget: Budget }>()
  return tokens.flatMap(({ id, budget }, index) => {
    if (budget?.group === undefined) return []
    const first = groups.get(budget.group)
    if (!first) groups.set(budget.group, { id, budget })
    if (!first || isSameBudget(first.budget, budget)) return []
    const message = `the group "${budget.group}" has another budget by the token "${first.id}"`
    return [{ path: `gateway.tokens.${index}.budget`, message }]
  })
}
