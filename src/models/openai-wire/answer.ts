import { randomUUID } from 'node:crypto'
import { GatewayError } from '../../errors.ts'
import type { Json } from '../../json.ts'
import type { Usage } from '../../turns/event.ts'
import { endedEarly, notUnderstood } from '../failures.ts'
import type { ModelEvent, ModelFinish, TextEvent } from '../port.ts'
import { type Chunk, type ToolCallDelta, toReason, toUsage } from './chunk.ts'

/** Reads what an answer says, from its chunks or as a whole. */
export class AnswerReader {
  readonly #providerId: string
  readonly #withLogprobs: boolean
  readonly #calls = new Map<number, { callId: string; name: string }>()
  #reason: ModelFinish | undefined
  #usage: Usage | undefined

  /** @param withLogprobs whether log probabilities were asked for: some servers send them in any case */
  constructor(providerId: string, withLogprobs = false) {
    this.#providerId = providerId
    this.#withLogprobs = withLogprobs
  }

  /** @throws GatewayError `provider_failed` for what is no JSON */
  parse(text: string): Chunk {
    try {
      return JSON.parse(text) as Chunk
    } catch {
      throw notUnderstood(this.#providerId)
    }
  }

  /** What a chunk, or a whole answer, says. @throws GatewayError `provider_failed` if that is an error */
  read({ choices, usage, error }: Chunk): ModelEvent[] {
    if (error) throw new GatewayError('provider_failed', `The provider "${this.#providerId}" broke off its answer`)
    if (usage) this.#usage = toUsage(usage)
    const choice = choices?.[0]
    if (!choice) return []
    const { delta = choice.message, finish_reason: reason } = choice
    const logprobs = this.#withLogprobs ? choice.logprobs : undefined
    const events: ModelEvent[] = []
    const thought = delta?.reasoning_content ?? delta?.reasoning
    if (thought) events.push({ type: 'reasoning', delta: thought })
    events.push(
      ...readText(delta?.content, logprobs?.content, false),
      ...readText(delta?.refusal, logprobs?.refusal, true)
    )
    for (const [place, call] of delta?.tool_calls?.entries() ?? []) events.push(...this.#readCall(place, call))
    if (reason) this.#reason = toReason(reason)
    return events
  }

  /** The end of the answer. @throws GatewayError `provider_failed` if the answer was cut off before it */
  finish(): ModelEvent {
    if (!this.#reason) throw endedEarly(this.#providerId)
    return { type: 'finish', reason: this.#reason, usage: this.#usage ?? { input: 0, output: 0 } }
  }

  /** The tokens of an answer that failed, where they are known. */
  get spent(): ModelEvent[] {
    return this.#usage ? [{ type: 'usage', usage: this.#usage }] : []
  }

  /** @param place among the calls that came with it: in a whole answer they have no index */
  #readCall(place: number, { index = place, id, function: called }: ToolCallDelta): ModelEvent[] {
    const delta = called?.arguments ?? ''
    const known = this.#calls.get(index)
    if (known) return delta === '' ? [] : [{ type: 'tool_call', ...known, delta }]
    const call = { callId: id || newCallId(), name: called?.name ?? '' }
    this.#calls.set(index, call)
    return [{ type: 'tool_call', ...call, delta }]
  }
}

function readText(
  text: string | null | undefined,
  logprobs: Json[] | null | undefined,
  isRefusal: boolean
): [TextEvent] | [] {
  const likely = logprobs && logprobs.length > 0 ? logprobs : undefined
  if (!text && !likely) return []
  const event: TextEvent = { type: 'text', delta: text ?? '' }
  if (isRefusal) event.refusal = true
  if (likely) event.logprobs = likely
  return [event]
}

/** Of a call that its server gave no id: results of other turns must not be taken for its. */
const newCallId = () => `call_${randomUUID().replaceAll('-', '')}`
