import { randomUUID } from 'node:crypto'
import { createParser, type EventSourceParser } from 'eventsource-parser'
import { GatewayError } from '../../errors.ts'
import type { Json } from '../../json.ts'
import type { Usage } from '../../turns/event.ts'
import { endedEarly, notUnderstood } from '../failures.ts'
import type { ModelEvent, ModelFinish, TextEvent } from '../port.ts'

/** What is read of a chunk; servers send more, and leave out what they do not have. */
interface Chunk {
  choices?: {
    delta?: Delta
    finish_reason?: string | null
    logprobs?: { content?: Json[] | null; refusal?: Json[] | null } | null
  }[]
  usage?: {
    prompt_tokens?: number
    completion_tokens?: number
    prompt_tokens_details?: { cached_tokens?: number; audio_tokens?: number } | null
    completion_tokens_details?: {
      reasoning_tokens?: number
      audio_tokens?: number
      accepted_prediction_tokens?: number
      rejected_prediction_tokens?: number
    } | null
  } | null
  error?: { message?: string } | string
}

/** Longest `data:` line; a tool's arguments may come in one piece. */
const MAX_LINE = 16_777_216

interface Delta {
  content?: string | null
  refusal?: string | null
  reasoning_content?: string | null
  reasoning?: string | null
  tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[]
}

/** What a piece of the stream said, up to what was wrong with it. */
interface Reading {
  events: ModelEvent[]
  failure: unknown
}

/** Reads a streamed chat completion, in pieces that may end anywhere. */
export class ChunkReader {
  readonly #providerId: string
  readonly #parser: EventSourceParser
  readonly #withLogprobs: boolean
  readonly #calls = new Map<number, { callId: string; name: string }>()
  #events: ModelEvent[] = []
  #reason: ModelFinish | undefined
  #usage: Usage | undefined
  /** Whether `[DONE]` has come. */
  done = false

  /** @param withLogprobs whether log probabilities were asked for: some servers send them in any case */
  constructor(providerId: string, withLogprobs = false) {
    this.#providerId = providerId
    this.#withLogprobs = withLogprobs
    this.#parser = createParser({
      maxBufferSize: MAX_LINE,
      onEvent: ({ data }) => this.#readChunk(data),
      onError: ({ type }) => {
        if (type === 'max-buffer-size-exceeded') throw notUnderstood(providerId)
      }
    })
  }

  /** Reads on. A failure (GatewayError `provider_failed`) comes with what was said before it. */
  read(text: string): Reading {
    this.#events = []
    let failure: unknown
    try {
      this.#parser.feed(text)
    } catch (error) {
      failure = error
    }
    return { events: this.#events, failure }
  }

  #readChunk(data: string): void {
    if (data === '[DONE]') {
      this.done = true
      return
    }
    const { choices, usage, error } = this.#parse(data)
    if (error) throw new GatewayError('provider_failed', `The provider "${this.#providerId}" broke off its answer`)
    if (usage) this.#usage = toUsage(usage)
    const choice = choices?.[0]
    if (!choice) return
    const { delta, finish_reason: reason } = choice
    const logprobs = this.#withLogprobs ? choice.logprobs : undefined
    const thought = delta?.reasoning_content ?? delta?.reasoning
    if (thought) this.#events.push({ type: 'reasoning', delta: thought })
    this.#readText(delta?.content, logprobs?.content, false)
    this.#readText(delta?.refusal, logprobs?.refusal, true)
    for (const call of delta?.tool_calls ?? []) this.#readCall(call)
    if (reason) this.#reason = toReason(reason)
  }

  #readText(text: string | null | undefined, logprobs: Json[] | null | undefined, isRefusal: boolean): void {
    const likely = logprobs && logprobs.length > 0 ? logprobs : undefined
    if (!text && !likely) return
    const event: TextEvent = { type: 'text', delta: text ?? '' }
    if (isRefusal) event.refusal = true
    if (likely) event.logprobs = likely
    this.#events.push(event)
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

  #parse(data: string): Chunk {
    try {
      return JSON.parse(data) as Chunk
    } catch {
      throw notUnderstood(this.#providerId)
    }
  }

  #readCall({ index = 0, id, function: called }: ToolCallDelta): void {
    let call = this.#calls.get(index)
    if (!call) {
      call = { callId: id || newCallId(), name: called?.name ?? '' }
      this.#calls.set(index, call)
      this.#events.push({ type: 'tool_call', ...call, delta: called?.arguments ?? '' })
    } else if (called?.arguments) {
      this.#events.push({ type: 'tool_call', ...call, delta: called.arguments })
    }
  }
}

/** Of a call that its server gave no id: results of other turns must not be taken for its. */
const newCallId = () => `call_${randomUUID().replaceAll('-', '')}`

type ToolCallDelta = NonNullable<Delta['tool_calls']>[number]

function toReason(reason: string): ModelFinish {
  if (reason === 'length' || reason === 'content_filter') return reason
  return reason === 'tool_calls' || reason === 'function_call' ? 'tool_calls' : 'stop'
}

function toUsage({
  prompt_tokens: input = 0,
  completion_tokens: output = 0,
  prompt_tokens_details: given,
  completion_tokens_details: written
}: NonNullable<Chunk['usage']>): Usage {
  const parts: Partial<Usage> = {
    cachedInput: given?.cached_tokens,
    audioInput: given?.audio_tokens,
    reasoning: written?.reasoning_tokens,
    audioOutput: written?.audio_tokens,
    acceptedPrediction: written?.accepted_prediction_tokens,
    rejectedPrediction: written?.rejected_prediction_tokens
  }
  return { input, output, ...Object.fromEntries(Object.entries(parts).filter(([, count]) => count)) }
}
