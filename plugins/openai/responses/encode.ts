import { GatewayError } from '../../../src/errors.ts'
import type { Json } from '../../../src/json.ts'
import type { TextEvent } from '../../../src/models/port.ts'
import type { Entry, Outcome, TurnEvent } from '../../../src/turns/event.ts'
import { toFailure } from '../../errors/failure.ts'
import { customInput } from '../custom-tool.ts'
import { openAiForm } from '../errors.ts'
import { type Echo, type OutputItem, type Resource, type State, toResource } from './resource.ts'
import type { ClientTools } from './tools.ts'

/** An event of a response's stream. */
export interface StreamEvent {
  type: string
  sequence_number: number
  [key: string]: unknown
}

export interface ResponseTurn {
  /** Of the turn; the ids of the response and of its items derive from it. */
  turnId: string
  /** Milliseconds since the epoch. */
  startedAt: number
  echo: Echo
  tools: ClientTools
}

export const responseId = (turnId: string): string => turnId.replace(/^turn_/, 'resp_')
export const turnIdOf = (id: string): string => id.replace(/^resp_/, 'turn_')

/** An item that is still being written. */
type Written = Said | Refused | Thought
type Open = Written | Called
interface Place {
  /** Among all items of the answer. */
  index: number
  id: string
  text: string
}
interface Said extends Place {
  kind: 'text'
  /** Its tokens and how likely they were, where that was asked for. */
  logprobs: Json[]
}
/** That the model will not answer: a message too. */
interface Refused extends Place {
  kind: 'refusal'
}
interface Thought extends Place {
  kind: 'reasoning'
}
interface Called extends Place {
  kind: 'call'
  callId: string
  name: string
}

type ToolCall = Extract<TurnEvent, { type: 'tool_call' }>

/**
 * Encodes a turn as a response of the OpenResponses specification. A pure function of the turn's entries: encoding them
 * again gives the same events with the same numbers, which makes a stream resumable.
 */
export class ResponseEncoder {
  readonly #turn: ResponseTurn
  readonly #state: State = {
    status: 'in_progress',
    output: [],
    completedAt: null,
    usage: undefined,
    error: null,
    incomplete: undefined
  }
  #open: Open[] = []
  #items = 0
  #number = 0
  #begun = false
  #events: StreamEvent[] = []

  constructor(turn: ResponseTurn) {
    this.#turn = turn
  }

  /** The response as it is now. */
  get resource(): Resource {
    const { turnId, startedAt, echo } = this.#turn
    return toResource(responseId(turnId), Math.floor(startedAt / 1000), echo, {
      ...this.#state,
      output: [...this.#state.output]
    })
  }

  /** The events that an entry amounts to. */
  encode({ event, at }: Entry): StreamEvent[] {
    this.#events = []
    if (!this.#begun) this.#begin()
    if (event.type === 'text') this.#addText(event)
    else if (event.type === 'reasoning') this.#addReasoning(event.delta)
    else if (event.type === 'tool_call') this.#addCall(event)
    else if (event.type === 'finished') this.#finish(event.outcome, Math.floor(at / 1000))
    return this.#events
  }

  #begin(): void {
    this.#begun = true
    this.#tell('response.created', { response: this.resource })
    this.#tell('response.in_progress', { response: this.resource })
  }

  #addText({ delta, refusal, logprobs = [] }: TextEvent): void {
    const open = this.#writing(refusal ? 'refusal' : 'text')
    open.text += delta
    const place = { ...placeOf(open), content_index: 0 }
    if (open.kind === 'refusal') return this.#tell('response.refusal.delta', { ...place, delta })
    if (open.kind === 'text') open.logprobs.push(...logprobs)
    this.#tell('response.output_text.delta', { ...place, delta, logprobs })
  }

  #addReasoning(delta: string): void {
    const open = this.#writing('reasoning')
    open.text += delta
    this.#tell('response.reasoning_summary_text.delta', { ...placeOf(open), summary_index: 0, delta })
  }

  /** Calls of the agent's own tools happen within the turn: nothing of them leaves. */
  #addCall({ callId, name, delta, runBy }: ToolCall): void {
    if (runBy === 'agent') return
    const call = this.#called(callId) ?? this.#beginCall(callId, name)
    call.text += delta
    // What a custom tool is given is only known once the arguments around it are complete.
    if (delta && !this.#isCustom(name))
      this.#tell('response.function_call_arguments.delta', { ...placeOf(call), delta })
  }

  #called(callId: string): Called | undefined {
    return this.#open.find((open): open is Called => open.kind === 'call' && open.callId === callId)
  }

  /** Calls may come side by side: they stay open until something else is said. */
  #beginCall(callId: string, name: string): Called {
    if (this.#open.some(({ kind }) => kind !== 'call')) this.#closeAll()
    const index = this.#items++
    const id = this.#idOf(this.#isCustom(name) ? 'ctc' : 'fc', index)
    const call: Called = { kind: 'call', index, id, callId, name, text: '' }
    this.#open.push(call)
    this.#tell('response.output_item.added', { output_index: index, item: this.#itemOf(call, 'in_progress') })
    return call
  }

  /** The item of a kind that is being written, begun if there is none; what else is open ends there. */
  #writing(kind: Written['kind']): Open {
    const current = this.#open.at(-1)
    if (current?.kind === kind) return current
    this.#closeAll()
    const index = this.#items++
    const place = { index, id: this.#idOf(kind === 'reasoning' ? 'rs' : 'msg', index), text: '' }
    const open: Written = kind === 'text' ? { kind, ...place, logprobs: [] } : { kind, ...place }
    this.#open.push(open)
    this.#tell('response.output_item.added', {
      output_index: open.index,
      item: this.#itemOf(open, 'in_progress', true)
    })
    if (open.kind === 'reasoning')
      this.#tell('response.reasoning_summary_part.added', { ...placeOf(open), summary_index: 0, part: summaryPart('') })
    else this.#tell('response.content_part.added', { ...placeOf(open), content_index: 0, part: partOf(open) })
    return open
  }

  #closeAll(status: 'completed' | 'incomplete' = 'completed'): void {
    for (const open of this.#open) this.#close(open, status)
    this.#open = []
  }

  #close(open: Open, status: 'completed' | 'incomplete'): void {
    const place = placeOf(open)
    const { text } = open
    if (open.kind === 'text' || open.kind === 'refusal') {
      const done = { ...place, content_index: 0 }
      if (open.kind === 'refusal') this.#tell('response.refusal.done', { ...done, refusal: text })
      else this.#tell('response.output_text.done', { ...done, text, logprobs: open.logprobs })
      this.#tell('response.content_part.done', { ...done, part: partOf(open) })
    } else if (open.kind === 'reasoning') {
      this.#tell('response.reasoning_summary_text.done', { ...place, summary_index: 0, text })
      this.#tell('response.reasoning_summary_part.done', { ...place, summary_index: 0, part: summaryPart(text) })
    } else if (this.#isCustom(open.name)) {
      const input = customInput(text)
      if (input) this.#tell('response.custom_tool_call_input.delta', { ...place, delta: input })
      this.#tell('response.custom_tool_call_input.done', { ...place, input })
    } else {
      this.#tell('response.function_call_arguments.done', { ...place, name: open.name, arguments: text })
    }
    const item = this.#itemOf(open, status)
    this.#state.output.push(item)
    this.#tell('response.output_item.done', { output_index: open.index, item })
  }

  #finish(outcome: Outcome, at: number): void {
    const { finishReason, usage } = outcome
    const failure = failureOf(outcome)
    const incomplete = INCOMPLETE[finishReason]
    this.#closeAll(failure || incomplete ? 'incomplete' : 'completed')
    this.#state.usage = usage
    if (failure) return this.#fail(failure)
    this.#state.status = incomplete ? 'incomplete' : 'completed'
    this.#state.incomplete = incomplete
    if (!incomplete) this.#state.completedAt = at
    this.#tell(`response.${this.#state.status}`, { response: this.resource })
  }

  #fail(failure: GatewayError): void {
    const { error } = openAiForm(toFailure(failure, 0))
    this.#state.status = failure.code === 'aborted' ? 'cancelled' : 'failed'
    this.#state.error = { code: error.code ?? error.type, message: error.message }
    this.#tell('error', { error })
    this.#tell('response.failed', { response: this.resource })
  }

  #itemOf(open: Open, status: 'in_progress' | 'completed' | 'incomplete', empty = false): OutputItem {
    const { id, text } = open
    if (open.kind === 'reasoning') return { type: 'reasoning', id, summary: empty ? [] : [summaryPart(text)] }
    if (open.kind === 'text' || open.kind === 'refusal') {
      return { type: 'message', id, status, role: 'assistant', content: empty ? [] : [partOf(open)] }
    }
    const tool = this.#turn.tools.byName.get(open.name)
    const call = { id, status, call_id: open.callId, name: tool?.name ?? open.name }
    if (tool?.kind === 'custom') return { type: 'custom_tool_call', ...call, input: customInput(text) }
    return { type: 'function_call', ...call, ...(tool?.namespace && { namespace: tool.namespace }), arguments: text }
  }

  #isCustom(name: string): boolean {
    return this.#turn.tools.byName.get(name)?.kind === 'custom'
  }

  #idOf(kind: string, index: number): string {
    return `${kind}_${this.#turn.turnId.replace(/^turn_/, '')}_${index}`
  }

  #tell(type: string, fields: object): void {
    this.#events.push({ type, sequence_number: this.#number++, ...fields })
  }
}

const INCOMPLETE: Partial<Record<Outcome['finishReason'], string>> = {
  length: 'max_output_tokens',
  max_steps: 'max_tool_calls',
  budget_exceeded: 'max_output_tokens',
  content_filter: 'content_filter'
}

/** Why a turn has no answer; undefined when it has one. */
export function failureOf({ finishReason, error }: Outcome): GatewayError | undefined {
  if (finishReason === 'aborted') return new GatewayError('aborted', 'The response was cancelled')
  return finishReason === 'error' ? (error ?? new GatewayError('internal', 'Internal server error')) : undefined
}

const placeOf = ({ id, index }: Open) => ({ item_id: id, output_index: index })
const partOf = (open: Said | Refused) =>
  open.kind === 'refusal'
    ? { type: 'refusal', refusal: open.text }
    : { type: 'output_text', text: open.text, annotations: [], logprobs: [...open.logprobs] }
const summaryPart = (text: string) => ({ type: 'summary_text', text })
