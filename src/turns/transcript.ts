import type { Message, TextPart, ToolCallPart, ToolResultPart } from '../models/message.ts'
import type { RunEvent } from './turn.ts'

/** Builds the messages that a turn's events amount to. Reasoning is not kept: no provider takes another's back. */
export class Transcript {
  readonly #messages: Message[] = []
  #text: TextPart | undefined
  #calls = new Map<string, ToolCallPart>()

  append(event: RunEvent): void {
    if (event.type === 'text') this.#addText(event.delta)
    else if (event.type === 'tool_call') this.#addCall(event.callId, event.name, event.delta)
    else if (event.type === 'tool_result') this.#addResult({ ...event, type: 'tool_result' })
  }

  /** The calls whose results have not come. */
  get openCalls(): ToolCallPart[] {
    return [...this.#calls.values()]
  }

  /** The messages so far, with calls that are still to be answered. */
  get all(): Message[] {
    return [...this.#messages]
  }

  /** The messages so far, without calls that got no result: no provider takes a conversation with a hole in it. */
  get complete(): Message[] {
    const open = new Set(this.#calls.keys())
    if (open.size === 0) return [...this.#messages]
    return this.#messages.flatMap((message): Message[] => {
      if (message.role !== 'assistant') return [message]
      const content = message.content.filter((part) => part.type !== 'tool_call' || !open.has(part.callId))
      return content.length > 0 ? [{ ...message, content }] : []
    })
  }

  #addText(delta: string): void {
    if (this.#text) {
      this.#text.text += delta
      return
    }
    this.#text = { type: 'text', text: delta }
    this.#assistant().push(this.#text)
  }

  #addCall(callId: string, name: string, delta: string): void {
    const call = this.#calls.get(callId)
    if (call) {
      call.arguments += delta
      return
    }
    const opened: ToolCallPart = { type: 'tool_call', callId, name, arguments: delta }
    this.#calls.set(callId, opened)
    this.#assistant().push(opened)
    this.#text = undefined
  }

  #addResult({ callId, name, output }: ToolResultPart): void {
    this.#calls.delete(callId)
    this.#text = undefined
    const result: ToolResultPart = { type: 'tool_result', callId, name, output }
    const last = this.#messages.at(-1)
    if (last?.role === 'tool') last.content.push(result)
    else this.#messages.push({ role: 'tool', content: [result] })
  }

  #assistant(): (TextPart | ToolCallPart)[] {
    const last = this.#messages.at(-1)
    if (last?.role === 'assistant') return last.content as (TextPart | ToolCallPart)[]
    const content: (TextPart | ToolCallPart)[] = []
    this.#messages.push({ role: 'assistant', content })
    return content
  }
}
