import type { Principal } from '../../../src/access/principal.ts'
import { findTarget } from '../../../src/agents/target.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { Message } from '../../../src/models/message.ts'
import type { Services } from '../../../src/services.ts'
import type { Keep, TurnRequest } from '../../../src/turns/turn.ts'
import type { MediaParts } from '../media-parts.ts'
import { toTurn } from './decode.ts'
import { responseId } from './encode.ts'
import { findItems, findResponse, previousNotFound } from './kept.ts'
import type { ResponseBody } from './schema.ts'
import { type ClientTools, toTools } from './tools.ts'

/** Conversations of responses that are not stored, by their ids, where something remembers them. */
export type Remembered = ReadonlyMap<string, readonly Message[]>

export interface Prepared {
  turn: Omit<TurnRequest, 'id'>
  /** How it is to be kept; undefined for `store: false`. */
  keep: Keep | undefined
  /** All that was said, without instructions. */
  conversation: Message[]
  tools: ClientTools
}

/** What a request is prepared with. */
export interface Means {
  services: Services
  /** The gateway's own files that its input may refer to. */
  media: MediaParts
}

/**
 * Makes a turn of a request, with the conversation that it continues.
 * @throws GatewayError that names what is at fault
 */
export async function prepare(
  body: ResponseBody,
  by: Principal,
  { services, media }: Means,
  remembered: Remembered = new Map()
): Promise<Prepared> {
  const { agents, catalog } = services
  const target = await findTarget(body.model, agents, catalog)
  const tools = toTools(body.tools)
  const previous = await previousOf(body.previous_response_id, by, services, remembered)
  const find = await findItems(body.input, by, services)
  const { turn, news } = toTurn(body, { target, tools, earlier: previous.conversation, find })
  const kept = media.toKeep(news)
  const conversation = [...previous.conversation, ...kept]
  const input = previous.turnId === undefined ? conversation : kept
  const keep = body.store === false ? undefined : { request: JSON.stringify(body), previousId: previous.turnId, input }
  return { turn: { ...turn, input: await media.inline(turn.input), by }, keep, conversation, tools }
}

interface Previous {
  conversation: readonly Message[]
  /** Of the stored turn that is continued. */
  turnId?: string
}

async function previousOf(
  id: string | null | undefined,
  by: Principal,
  services: Services,
  remembered: Remembered
): Promise<Previous> {
  if (!id) return { conversation: [] }
  const known = remembered.get(id)
  if (known) return { conversation: known }
  const { turn } = await findResponse(id, by, services).catch((error: unknown) => {
    throw error instanceof GatewayError && error.code === 'not_found' ? previousNotFound(id) : error
  })
  if (turn.finishedAt === undefined) {
    const message = `The response "${responseId(turn.id)}" is still in progress`
    throw new GatewayError('invalid_request', message, { param: 'previous_response_id' })
  }
  const conversation = await services.storage.kept.conversation(turn.id, turn.clientId)
  return { conversation: withoutOrphans(conversation), turnId: turn.id }
}

/** Without results of calls that went with a response that was deleted, or is too old: no provider takes these alone. */
function withoutOrphans(conversation: Message[]): Message[] {
  const called = new Set<string>()
  return conversation.flatMap((message): Message[] => {
    if (message.role === 'assistant') {
      for (const part of message.content) if (part.type === 'tool_call') called.add(part.callId)
    }
    if (message.role !== 'tool') return [message]
    const content = message.content.filter(({ callId }) => called.has(callId))
    return content.length > 0 ? [{ ...message, content }] : []
  })
}
