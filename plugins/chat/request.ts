import { agentFor } from '../../src/agents/agent-for.ts'
import { userText } from '../../src/models/message.ts'
import { checkSessionKey, newSessionKey } from '../../src/sessions/key.ts'
import type { Principal } from '../../src/access/principal.ts'
import type { Agents } from '../../src/agents/registry.ts'
import type { TurnRequest } from '../../src/turns/turn.ts'
import type { ChatBody } from './schema.ts'

/** A chat message as a turn of an agent in one of the client's sessions. @throws GatewayError `unknown_agent` */
export function toTurn(
  { message, agentId, sessionKey }: ChatBody,
  by: Principal,
  agents: Agents
): Omit<TurnRequest, 'id' | 'by'> {
  return {
    target: { agent: agentFor(by, agents, agentId) },
    input: [userText(message)],
    session: { clientId: by.clientId, key: sessionKey === undefined ? newSessionKey() : checkSessionKey(sessionKey) },
    settings: {},
    tools: []
  }
}
