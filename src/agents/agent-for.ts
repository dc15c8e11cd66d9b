import type { Agent, Agents } from './registry.ts'
import { mayUseAgent } from '../access/limits.ts'
import type { Principal } from '../access/principal.ts'

/**
 * The agent that a client means: where it names none the usual one, or the first it may use if that is not among them.
 * @throws GatewayError `unknown_agent`
 */
export function agentFor(by: Principal, agents: Agents, agentId: string | undefined): Agent {
  if (agentId !== undefined) return agents.get(agentId)
  const usual = agents.get()
  if (mayUseAgent(by, usual.id)) return usual
  const first = by.limits?.agents?.find((id) => agents.has(id))
  return first === undefined ? usual : agents.get(first)
}
