import { GatewayError } from '../../../src/errors.ts'
import type { TextEvent } from '../../../src/models/port.ts'
import { addUsage, type Entry, type Outcome, type TurnEvent, type Usage } from '../../../src/turns/event.ts'
import type { Turn } from '../../../src/turns/turn.ts'
import { toFailure } from '../../errors/failure.ts'
import { customInput } from '../custom-tool.ts'
import { openAiForm } from '../errors.ts'
import { finishOf, identityOf, toUsage } from './finish.ts'

export interface ChunkOptions {
  /** The model, as the client named it. */
  model: string
  /** Whether a chunk with the usage comes before the end, as `stream_options.include_usage` asks. */
  includeUsage: boolean
  /** Names of the client's tools that take free text. */
  customTools: ReadonlySet<string>
}

const DONE = 'data: [DONE]\n\n'

/**
 * Encodes turns as chunks of one chat completion, whose choices they are, `data: [DONE]` at its end. A pure function of
 * their entries.
 */
export class ChunkEncoder {
  readonly #head: string
  readonly #choices: ChoiceEncoder[]
  readonly #includeUsage: boolean
  #usage: Usage = { input: 0, output: 0 }
  /** Choices that are not at their end. */
  #open: number

  constructor(turns: readonly Turn[], { model, includeUsage, customTools }: ChunkOptions) {
    const { id, created } = identityOf(turns)
    this.#head = `data: {"id":${JSON.stringify(id)},"object":"chat.completion.chunk","created":${created},"model":${JSON.stringify(model)},`
    this.#choices = turns.map((_, index) => new ChoiceEncoder(this.#head, index, includeUsage, customTools))
    this.#includeUsage = includeUsage
    this.#open = turns.length
  }

  /** The frames that an entry of a choice amounts to, each to be written by itself. */
  encode({ event }: Entry, index = 0): string | string[] {
    const choice = this.#choices[index]
    if (!choice || this.#open === 0) return ''
    return event.type === 'finished' ? this.#finish(choice, event.outcome) : choice.encode(event)
  }

  /** An error's status is gone by now, so that a line tells it; one that fails is the end of all. */
  #finish(choice: ChoiceEncoder, outcome: Outcome): string[] {
    const finish = finishOf(outcome)
    if (finish instanceof GatewayError) {
      this.#open = 0
      return [`data: ${JSON.stringify(openAiForm(toFailure(finish, 0)))}\n\n`, DONE]
    }
    this.#usage = addUsage(this.#usage, outcome.usage)
    this.#open--
    const frames = choice.finish(finish)
    if (this.#open > 0) return frames
    const usage = `${this.#head}"choices":[],"usage":${JSON.stringify(toUsage(this.#usage))}}\n\n`
    return [...frames, ...(this.#includeUsage ? [usage] : []), DONE]
  }
}

type ToolCallEvent = Extract<TurnEvent, { type: 'tool_call' }>

interface OpenCall {
  index: number
  isCustom: boolean
  /** Of a custom call: what it is given is only known once the arguments around it are complete. */
  text: string
}

class ChoiceEncoder {
  readonly #head: string
  readonly #start: string
  readonly #end: string
  readonly #customTools: ReadonlySet<string>
  readonly #calls = new Map<string, OpenCall>()

  constructor(head: string, index: number, includeUsage: boolean, customTools: ReadonlySet<string>) {
    this.#head = includeUsage ? `${head}"usage":null,` : head
    this.#start = `${head}"choices":[{"index":${index},"delta":`
    this.#end = `}]${includeUsage ? ',"usage":null' : ''}}\n\n`
    this.#customTools = customTools
  }

  encode(event: TurnEvent): string {
    switch (event.type) {
      case 'started':
        return this.#delta('{"role":"assistant","content":"","refusal":null}')
      case 'text':
        return this.#text(event)
      case 'reasoning':
        return this.#delta(`{"reasoning_content":${JSON.stringify(event.delta)}}`)
      case 'tool_call':
        return event.runBy === 'client' ? this.#call(event) : ''
      default:
        return ''
    }
  }

  finish(reason: string): string[] {
    const inputs = [...this.#calls.values()].filter(({ isCustom }) => isCustom)
    return [
      ...inputs.map(({ index, text }) => this.#toolCall({ index, custom: { input: customInput(text) } })),
      this.#delta('{}', JSON.stringify(reason))
    ]
  }

  #delta(json: string, finish = 'null', logprobs = 'null'): string {
    return `${this.#start}${json},"logprobs":${logprobs},"finish_reason":${finish}${this.#end}`
  }

  #text({ delta, refusal, logprobs, rest }: TextEvent): string {
    if (rest !== undefined) return `${this.#head}${rest}\n\n`
    const json = `{"${refusal ? 'refusal' : 'content'}":${JSON.stringify(delta)}}`
    return logprobs ? this.#delta(json, 'null', JSON.stringify(likely(logprobs, refusal))) : this.#delta(json)
  }

  #toolCall(call: object): string {
    return this.#delta(JSON.stringify({ tool_calls: [call] }))
  }

  #call({ callId, name, delta }: ToolCallEvent): string {
    const known = this.#calls.get(callId)
    if (known) {
      const { index, isCustom } = known
      if (!isCustom) return this.#toolCall({ index, function: { arguments: delta } })
      known.text += delta
      return ''
    }
    const isCustom = this.#customTools.has(name)
    const index = this.#calls.size
    this.#calls.set(callId, { index, isCustom, text: isCustom ? delta : '' })
    const call = { index, id: callId, type: isCustom ? 'custom' : 'function' }
    return this.#toolCall(
      isCustom ? { ...call, custom: { name, input: '' } } : { ...call, function: { name, arguments: delta } }
    )
  }
}

/** Log probabilities in the form of a choice. */
const likely = (logprobs: unknown[], refusal?: true) => ({
  content: refusal ? null : logprobs,
  refusal: refusal ? logprobs : null
})
