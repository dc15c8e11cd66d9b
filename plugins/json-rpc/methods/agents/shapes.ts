import Type, { type Static } from 'typebox'
import { readConfig } from '../../../../src/config/read.ts'
import { Agent } from '../../../../src/config/schema.ts'
import type { Services } from '../../../../src/services.ts'
import { agentSummary } from '../../../schemas/agents.ts'

/** An agent with its configuration. */
export const AgentDetail = Type.Object({ ...agentSummary, config: Agent })

export const agentId = Type.String({ description: 'Letters, digits, `.`, `-` and `_`.' })

/** What may be said of an agent. It is checked as a part of the whole configuration. */
export const settings = Type.Partial(Agent).properties

/** @throws GatewayError `unknown_agent` */
export async function describe(id: string, { agents, config }: Services): Promise<Static<typeof AgentDetail>> {
  return { ...(await agents.summary(id)), config: readConfig(config, ['agents', id]) as Static<typeof Agent> }
}
