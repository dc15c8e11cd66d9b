import type { Usages } from '../usage/usage.ts'
import type { Agents, AgentSummary } from './registry.ts'

/** An agent as it is listed, with what it did since midnight UTC. */
export interface ListedAgent extends AgentSummary {
  /** Its turns that ended; each answers one message. */
  messagesToday: number
  tokenUsageToday: number
}

export async function listAgents(agents: Agents, usages: Usages): Promise<ListedAgent[]> {
  const [summaries, today] = await Promise.all([agents.list(), usages.today()])
  return summaries.map((summary) => {
    const { turns = 0, input = 0, output = 0 } = today.get(summary.id) ?? {}
    return { ...summary, messagesToday: turns, tokenUsageToday: input + output }
  })
}
