import { GatewayError } from '../../../src/errors.ts'
import type { Json } from '../../../src/json.ts'
import { addUsage, type TurnEvent } from '../../../src/turns/event.ts'
import type { Turn } from '../../../src/turns/turn.ts'
import { customInput } from '../custom-tool.ts'
import { sideBySide } from './choices.ts'
import { type AnswerForm, finishOf, identityOf, toUsage } from './finish.ts'
import type { ChatCompletion, Choice, CompletionToolCall } from './schema.ts'

/**
 * Reads turns to their end and encodes them as the choices of one chat completion.
 * @throws GatewayError when one of them failed or was aborted; the others are then aborted too
 */
export async function readCompletion(turns: readonly Turn[], form: AnswerForm): Promise<ChatCompletion> {
  const { model } = form
  const answers = turns.map(() => new Answer(form))
  await sideBySide(turns).read(({ choice, entry }) => answers[choice]?.add(entry.event))
  const outcomes = await Promise.all(turns.map((turn) => turn.outcome))
  // Those that were aborted because of another say nothing of what went wrong.
  const failed = outcomes.find(({ error }) => error)
  const finishes = [...(failed ? [failed] : []), ...outcomes].map((outcome) => finishOf(outcome, form))
  const choices = finishes.map((finish, index) => {
    if (finish instanceof GatewayError) throw finish
    return (answers[index] as Answer).toChoice(index, finish)
  })
  const usage = toUsage(outcomes.map((outcome) => outcome.usage).reduce(addUsage))
  return { ...identityOf(turns), object: 'chat.completion', model, choices, usage }
}

/** What one turn says. */
class Answer {
  readonly #form: AnswerForm
  readonly #calls = new Map<string, { name: string; text: string }>()
  readonly #likely: { content: Json[]; refusal: Json[] } = { content: [], refusal: [] }
  #text = ''
  #refusal = ''
  #reasoning = ''
  #more: { [key: string]: Json } | undefined

  constructor(form: AnswerForm) {
    this.#form = form
  }

  add(event: TurnEvent): undefined {
    if (event.type === 'reasoning') this.#reasoning += event.delta
    else if (event.type === 'text') {
      if (event.refusal) this.#refusal += event.delta
      else this.#text += event.delta
      if (event.more) this.#more = event.more
      if (event.logprobs) this.#likely[event.refusal ? 'refusal' : 'content'].push(...event.logprobs)
    } else if (event.type === 'tool_call' && event.runBy === 'client') {
      const call = this.#calls.get(event.callId)
      if (call) call.text += event.delta
      else this.#calls.set(event.callId, { name: event.name, text: event.delta })
    }
    return undefined
  }

  toChoice(index: number, finish: Choice['finish_reason']): Choice {
    const calls = [...this.#calls].map(([id, call]) => this.#toCall(id, call))
    return {
      index,
      message: {
        ...this.#more,
        role: 'assistant',
        content: this.#text || (this.#refusal || calls.length > 0 ? null : ''),
        ...(this.#reasoning && { reasoning_content: this.#reasoning }),
        refusal: this.#refusal || null,
        ...(calls.length > 0 && (this.#form.asFunction ? { function_call: calls[0]?.function } : { tool_calls: calls }))
      },
      logprobs: this.#logprobs(),
      finish_reason: finish
    }
  }

  #toCall(id: string, { name, text }: { name: string; text: string }): CompletionToolCall {
    if (this.#form.customTools.has(name)) return { id, type: 'custom', custom: { name, input: customInput(text) } }
    return { id, type: 'function', function: { name, arguments: text } }
  }

  #logprobs() {
    const { content, refusal } = this.#likely
    if (content.length === 0 && refusal.length === 0) return null
    return { content: content.length > 0 ? content : null, refusal: refusal.length > 0 ? refusal : null }
  }
}
