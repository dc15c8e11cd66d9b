import { refuseModel } from '../../src/access/limits.ts'
import type { Principal } from '../../src/access/principal.ts'
import { agentFor } from '../../src/agents/agent-for.ts'
import type { Agent, Agents } from '../../src/agents/registry.ts'
import { withModel } from '../../src/agents/with-model.ts'
import { attach } from '../../src/media/attach.ts'
import type { Media } from '../../src/media/media.ts'
import type { Catalog } from '../../src/models/catalog.ts'
import type { Message } from '../../src/models/message.ts'
import { checkSessionKey, newSessionKey } from '../../src/sessions/key.ts'
import type { TurnRequest } from '../../src/turns/turn.ts'
import type { ChatBody } from './schema.ts'

interface Ports {
  agents: Agents
  media: Media
  catalog: Catalog
}

/**
 * A chat message as a turn of an agent in one of the client's sessions.
 * @throws GatewayError `unknown_agent`; `model_not_found`; `not_allowed`; `invalid_request` for an attachment
 */
export async function toTurn(chat: ChatBody, by: Principal, ports: Ports): Promise<Omit<TurnRequest, 'id' | 'by'>> {
  const { message, attachments = [], sessionKey } = chat
  const target = { agent: answererOf(chat, by, ports) }
  const files = await attach(ports.media, attachments)
  const asked: Message = { role: 'user', content: [{ type: 'text', text: message }, ...files] }
  return {
    target,
    input: [asked],
    session: { clientId: by.clientId, key: sessionKey === undefined ? newSessionKey() : checkSessionKey(sessionKey) },
    settings: {},
    tools: []
  }
}

/** Who answers. A model is named in full: that is how it is said which of them a token may use. */
function answererOf({ agentId, model }: ChatBody, by: Principal, { agents, catalog }: Ports): Agent {
  const agent = agentFor(by, agents, agentId)
  if (model === undefined) return agent
  catalog.named(model)
  refuseModel(by, model)
  return withModel(agent, model, catalog)
}
