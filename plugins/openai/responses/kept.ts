import { allows, type Principal } from '../../../src/access/principal.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { Services } from '../../../src/services.ts'
import type { StoredTurn } from '../../../src/storage/port.ts'
import type { Entry } from '../../../src/turns/event.ts'
import { ResponseEncoder, turnIdOf } from './encode.ts'
import { echoOf, type Resource } from './resource.ts'
import type { InputPart, Item, ResponseBody } from './schema.ts'
import { toTools } from './tools.ts'

const PAGE = 500

/** A response that was stored, with the request it answers. */
export interface KeptResponse {
  turn: StoredTurn
  body: ResponseBody
}

/** @throws GatewayError `not_found` for one that is not there, or is another client's */
export async function findResponse(id: string, by: Principal, { storage }: Services): Promise<KeptResponse> {
  const turn = id.startsWith('resp_') ? await storage.kept.get(turnIdOf(id)) : undefined
  if (!turn || (turn.clientId !== by.clientId && !allows(by, 'admin'))) throw notFound(id)
  return { turn, body: JSON.parse(turn.request) as ResponseBody }
}

/** Encodes a stored response anew. */
export function encoderOf({ turn, body }: KeptResponse): ResponseEncoder {
  const tools = toTools(body.tools)
  return new ResponseEncoder({ turnId: turn.id, startedAt: turn.startedAt, echo: echoOf(body, tools), tools })
}

/** A stored response as it is now. */
export async function readKept(response: KeptResponse, { storage }: Services): Promise<Resource> {
  const encoder = encoderOf(response)
  let seen = 0
  let page: Entry[]
  do {
    page = await storage.kept.entries(response.turn.id, seen, PAGE)
    for (const entry of page) encoder.encode(entry)
    seen = page.at(-1)?.seq ?? seen
  } while (page.length === PAGE)
  return encoder.resource
}

/** Items of the input, each with an id. */
export function inputItems({ turn, body }: KeptResponse): { type: string; id: string }[] {
  const items: Item[] = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : (body.input ?? [])
  return items.map((item, index) => ({ id: inputId(turn.id, index), ...withType(item) }))
}

const inputId = (turnId: string, index: number) => `in_${turnId.replace(/^turn_/, '')}_${index}`

function withType(item: Item): { type: string; [key: string]: unknown } {
  if (!('role' in item)) return 'call_id' in item ? { status: 'completed', ...item } : item
  const { role, content } = item
  const kind = role === 'assistant' ? ('output_text' as const) : ('input_text' as const)
  const parts = typeof content === 'string' ? [{ type: kind, text: content }] : content
  return { ...item, type: 'message', status: 'completed', content: parts.map(toFullPart) }
}

/** With what the specification asks for and clients may leave out. */
function toFullPart(part: InputPart): object {
  if (part.type === 'output_text') return { annotations: [], logprobs: [], ...part }
  return part.type === 'input_image' ? { ...part, detail: part.detail ?? 'auto' } : part
}

/**
 * What the references of an input stand for: items of stored responses, by ids that name theirs.
 * @returns a function of the id; undefined for what is not there
 */
export async function findItems(
  input: ResponseBody['input'],
  by: Principal,
  services: Services
): Promise<(id: string) => Item | undefined> {
  const found = new Map<string, Item>()
  if (typeof input === 'string') return () => undefined
  const ids = (input ?? []).flatMap((item) =>
    'type' in item && item.type === 'item_reference' && 'id' in item ? [item.id] : []
  )
  const owners = new Set(ids.flatMap((id) => /^[a-z]+_([0-9a-z]+)_\d+$/.exec(id)?.[1] ?? []))
  for (const owner of owners) {
    const response = await findResponse(`resp_${owner}`, by, services).catch(unlessFound)
    if (!response) continue
    const { output } = await readKept(response, services)
    for (const item of [...inputItems(response), ...output]) found.set(item.id, item)
  }
  return (id) => found.get(id)
}

function unlessFound(error: unknown): undefined {
  if (error instanceof GatewayError && error.code === 'not_found') return undefined
  throw error
}

const notFound = (id: string) => new GatewayError('not_found', `There is no response "${id.slice(0, 64)}"`)

/** @throws GatewayError `invalid_request`, as OpenAI does */
export const previousNotFound = (id: string): GatewayError =>
  new GatewayError('invalid_request', `Previous response with id '${id.slice(0, 64)}' not found.`, {
    param: 'previous_response_id',
    reason: 'previous_response_not_found'
  })
