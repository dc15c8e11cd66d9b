import { mayUseAgent } from '../access/limits.ts'
import type { Principal } from '../access/principal.ts'
import type { Usages } from '../usage/usage.ts'
import type { Agents, AgentSummary } from './registry.ts'

/** An agent as it is listed, with what it did since midnight UTC. */
export interface ListedAgent extends AgentSummary {
  /** Its turns that ended; each answers one message. */
  messagesToday: number
  tokenUsageToday: number
}

/** Those that a client may use. */
export async function listAgents(by: Principal, agents: Agents, usages: Usages): Promise<ListedAgent[]> {
  const [summaries, today] = await Promise.all([agents.list(), usages.today()])
  const usable = summaries.filter(({ id }) => mayUseAgent(by, id))
  return usable.map((summary) => {
    const { turns = 0, input = 0, output = 0 } = today.get(summary.id) ?? {}
    return { ...summary, messagesToday: turns, tokenUsageToday: input + output }
  })
}
