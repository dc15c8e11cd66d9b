import { GatewayError } from '../../../src/errors.ts'
import type { FilePart, Message, TextPart, ToolCallPart } from '../../../src/models/message.ts'
import { toFile } from '../decode.ts'
import { readCompaction } from './compaction.ts'
import type { InputPart, Item, ResponseBody } from './schema.ts'
import { flatName } from './tools.ts'

type Of<T extends string> = Extract<Item, { type: T }>

/** Builds the conversation that a list of items amounts to. */
class Conversation {
  readonly messages: Message[]
  /** How many came before: those stay as they are. */
  readonly #before: number
  /** Names of the tools that were called and not answered, by the ids of the calls. */
  readonly #open = new Map<string, string>()
  /** Files of the outputs that came last, by the calls that brought them. */
  #files: { callId: string; name: string; files: FilePart[] }[] = []

  /** @param earlier what came before, as an earlier response left it */
  constructor(earlier: readonly Message[]) {
    this.messages = [...earlier]
    this.#before = earlier.length
    for (const message of earlier) this.#note(message)
  }

  add(message: Message): void {
    this.#addFiles()
    this.#push(message)
  }

  /** Text and calls of one turn of a model are one message. */
  assistant(part: TextPart | ToolCallPart): void {
    const last = this.#own
    const content = last?.role === 'assistant' ? [...last.content, part] : [part]
    if (last?.role === 'assistant') this.messages.pop()
    this.add({ role: 'assistant', content })
  }

  output(callId: string, parts: string | InputPart[], path: string): void {
    const name = this.#open.get(callId)
    if (name === undefined)
      throw invalid(`${path}.call_id`, `no tool call "${callId.slice(0, 64)}" waits for an output`)
    const result = { type: 'tool_result' as const, callId, name, output: textOf(parts) }
    const last = this.#own
    if (last?.role === 'tool') this.messages.pop()
    this.#push({ role: 'tool', content: last?.role === 'tool' ? [...last.content, result] : [result] })
    const files = filesOf(parts, `${path}.output`)
    if (files.length > 0) this.#files.push({ callId, name, files })
  }

  /** @throws GatewayError while a call has no output: no provider takes a conversation with a hole in it */
  complete(): Message[] {
    this.#addFiles()
    const [open] = this.#open
    if (open) throw invalid('input', `there is no output of the tool call "${open[0].slice(0, 64)}" (${open[1]})`)
    return this.messages
  }

  /** The last message that the input brought. */
  get #own(): Message | undefined {
    return this.messages.length > this.#before ? this.messages.at(-1) : undefined
  }

  #push(message: Message): void {
    this.messages.push(message)
    this.#note(message)
  }

  /**
   * Not all providers take files in what a tool answers, but those that take files at all take them in a message of the
   * user's. It comes after the outputs of all calls: providers refuse a conversation with a message between these.
   */
  #addFiles(): void {
    const files = this.#files
    this.#files = []
    if (files.length > 0) this.#push({ role: 'user', content: files.flatMap(toAttachment) })
  }

  #note(message: Message): void {
    if (message.role === 'assistant') {
      for (const part of message.content) if (part.type === 'tool_call') this.#open.set(part.callId, part.name)
    }
    if (message.role === 'tool') for (const { callId } of message.content) this.#open.delete(callId)
  }
}

/**
 * The conversation as the model is given it: what came before, and then the input.
 * @param earlier of the response that this one continues
 * @param find what an `item_reference` stands for
 * @throws GatewayError `invalid_request` that names the item
 */
export function toMessages(
  input: ResponseBody['input'],
  earlier: readonly Message[] = [],
  find: (id: string) => Item | undefined = () => undefined
): Message[] {
  const conversation = new Conversation(earlier)
  if (typeof input === 'string') conversation.add({ role: 'user', content: [{ type: 'text', text: input }] })
  else for (const [index, item] of (input ?? []).entries()) addItem(conversation, item, `input.${index}`, find)
  return conversation.complete()
}

function addItem(conversation: Conversation, item: Item, path: string, find: (id: string) => Item | undefined): void {
  if (is(item, 'item_reference')) {
    const found = find(item.id)
    if (!found) throw invalid(`${path}.id`, `there is no item "${item.id.slice(0, 64)}"`)
    addItem(conversation, found, path, () => undefined)
  } else if (is(item, 'function_call')) {
    const { call_id: callId, name, namespace, arguments: text } = item
    conversation.assistant({ type: 'tool_call', callId, name: flatName(namespace, name), arguments: text })
  } else if (is(item, 'custom_tool_call')) {
    const { call_id: callId, name, input } = item
    conversation.assistant({ type: 'tool_call', callId, name, arguments: JSON.stringify({ input }) })
  } else if (isOutput(item)) {
    conversation.output(item.call_id, item.output, path)
  } else if (isCompaction(item)) {
    conversation.add({ role: 'system', content: readCompaction(item.encrypted_content, path) })
  } else if ('role' in item) addMessage(conversation, item, path)
}

const is = <T extends string>(item: Item, type: T): item is Of<T> => 'type' in item && item.type === type
const isOutput = (item: Item): item is Of<'function_call_output' | 'custom_tool_call_output'> => 'output' in item
const isCompaction = (item: Item): item is Of<'compaction' | 'compaction_summary'> =>
  is(item, 'compaction') || is(item, 'compaction_summary')

function addMessage(
  conversation: Conversation,
  { role, content }: Extract<Item, { role: string }>,
  path: string
): void {
  if (role === 'system' || role === 'developer') conversation.add({ role: 'system', content: textOf(content) })
  else if (role === 'user') conversation.add({ role, content: toParts(content, `${path}.content`) })
  else conversation.assistant({ type: 'text', text: textOf(content) })
}

function toParts(content: string | InputPart[], path: string): (TextPart | FilePart)[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return content.map((part, index) => toPart(part, `${path}.${index}`))
}

function toPart(part: InputPart, path: string): TextPart | FilePart {
  if (part.type === 'refusal') return { type: 'text', text: part.refusal }
  if (part.type === 'input_image') {
    const { image_url: url, detail } = part
    const file = toFile(given(url, path, 'image_url'), 'image/*', `${path}.image_url`)
    return { ...file, field: path, ...(detail && { detail }) }
  }
  if (part.type !== 'input_file') return { type: 'text', text: part.text }
  const { file_data: data, file_url: url, filename } = part
  const [address, key] = data ? [data, 'file_data'] : [given(url, path, 'file_url'), 'file_url']
  return { ...toFile(address, 'application/pdf', `${path}.${key}`), filename: filename ?? undefined, field: path }
}

/** There is no store of files that an id could name. */
function given(value: string | null | undefined, path: string, key: string): string {
  if (value) return value
  throw invalid(path, `expected ${key}`)
}

function textOf(content: string | InputPart[]): string {
  if (typeof content === 'string') return content
  return content.map((part) => ('text' in part ? part.text : part.type === 'refusal' ? part.refusal : '')).join('')
}

function filesOf(content: string | InputPart[], path: string): FilePart[] {
  if (typeof content === 'string') return []
  return content.flatMap((part, index) => {
    const read = toPart(part, `${path}.${index}`)
    return read.type === 'file' ? [read] : []
  })
}

const toAttachment = ({ callId, name, files }: { callId: string; name: string; files: FilePart[] }) => [
  { type: 'text' as const, text: `[of the output of ${name}, ${callId}]` },
  ...files
]

const invalid = (param: string, message: string) =>
  new GatewayError('invalid_request', `Invalid field: ${param}: ${message}`, { param })
