import { randomBytes } from 'node:crypto'
import Type, { type Static } from 'typebox'
import type { Principal } from '../../../src/access/principal.ts'
import { type Message, textOf } from '../../../src/models/message.ts'
import { renderMessage } from '../../../src/models/render.ts'
import type { Target } from '../../../src/turns/turn.ts'
import { refuseBuiltin, summarizeAll } from '../../../src/turns/summarize.ts'
import { writeCompaction } from './compaction.ts'
import { type Means, prepare } from './prepare.ts'
import { toUsage } from './resource.ts'
import { ResponseBody } from './schema.ts'

const { model, input, previous_response_id } = ResponseBody.properties

/** What `POST /v1/responses/compact` reads. */
export const CompactBody = Type.Object({ model, input, previous_response_id })
export type CompactBody = Static<typeof CompactBody>

export const Compaction = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('response.compaction'),
    created_at: Type.Integer({ description: 'Seconds since the epoch.' }),
    output: Type.Array(
      Type.Object({ type: Type.Literal('compaction'), id: Type.String(), encrypted_content: Type.String() }),
      { description: 'What stands for the conversation from now on: send it as the beginning of the next input.' }
    ),
    usage: Type.Object({}, { additionalProperties: true })
  },
  { description: 'A conversation made short.' }
)

/**
 * Has the model itself make a conversation short.
 * @throws GatewayError as a response does; `invalid_request` for a built-in model
 */
export async function compact(
  body: CompactBody,
  by: Principal,
  means: Means,
  signal: AbortSignal
): Promise<Static<typeof Compaction>> {
  const { turn, conversation } = await prepare({ ...body, store: false }, by, means)
  const model = await modelOf(turn.target)
  refuseBuiltin(model.providerId)
  const text = conversation.map(write).join('')
  const { summary, usage } = await summarizeAll(
    { text, model, agentId: agentIdOf(turn.target), by, signal },
    means.services.turns
  )
  const id = randomBytes(12).toString('hex')
  return {
    id: `resp_${id}`,
    object: 'response.compaction',
    created_at: Math.floor(Date.now() / 1000),
    output: [{ type: 'compaction', id: `cmp_${id}`, encrypted_content: writeCompaction(summary) }],
    usage: toUsage(usage)
  }
}

const agentIdOf = (target: Target) => ('agent' in target ? target.agent.id : undefined)
const modelOf = (target: Target) => ('agent' in target ? target.agent.model() : Promise.resolve(target.model))

/** Instructions stand apart, and what was made short before is a part of the conversation. */
const write = (message: Message) =>
  message.role === 'system' ? `Notes: ${textOf(message)}\n\n` : renderMessage(message)
