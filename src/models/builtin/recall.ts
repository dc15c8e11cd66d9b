import { type Message, type ToolResultPart, textOf } from '../message.ts'
import type { ModelEvent, ModelRequest } from '../port.ts'
import { wordsOf } from './words.ts'

const WHAT_I_AM =
  'I am not a language model: I only keep what you tell me and find it again. To connect one, set OPENAI_API_KEY, ' +
  'ANTHROPIC_API_KEY or GOOGLE_GENERATIVE_AI_API_KEY (or OPENAI_BASE_URL for any compatible server), start Ollama, or ' +
  'add `providers` to comis-gateway.yaml, and start the gateway again.'

const STORE = 'memory_store'
const SEARCH = 'memory_search'

/** What it does next: it says something, or asks for a tool. */
type Step = { say: string } | { call: typeof STORE | typeof SEARCH; arguments: object }

/**
 * Answers from the conversation and the memory alone, with no model, no key and no network. It uses the memory by the
 * tools that it is offered, as any model does; without them it has the conversation.
 */
export async function* recall(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent[]> {
  signal.throwIfAborted()
  const step = nextStep(request)
  const input = request.messages.reduce((sum, message) => sum + wordsOf(textOf(message)).length, 0)
  if ('call' in step) {
    const text = JSON.stringify(step.arguments)
    const callId = `call_${request.messages.length}_${step.call}`
    yield [{ type: 'tool_call', callId, name: step.call, delta: text }]
    yield [{ type: 'finish', reason: 'tool_calls', usage: { input, output: wordsOf(text).length } }]
    return
  }
  for (const delta of wordsOf(step.say)) {
    signal.throwIfAborted()
    yield [{ type: 'text', delta }]
  }
  yield [{ type: 'finish', reason: 'stop', usage: { input, output: wordsOf(step.say).length } }]
}

function nextStep({ messages, tools = [] }: ModelRequest): Step {
  const said = messages.filter((message) => message.role === 'user').map(textOf)
  const text = said.pop() ?? ''
  const result = resultOf(messages)
  const offers = (name: string) => result === undefined && tools.some((tool) => tool.name === name)
  const explained = (answer: string) => ({ say: isFirst(messages) ? `${answer}\n\n${WHAT_I_AM}` : answer })

  const fact = toldFact(text)
  if (fact) {
    if (offers(STORE)) return { call: STORE, arguments: { content: fact } }
    return explained(isError(result) ? 'I could not keep that.' : `I will remember: ${fact}`)
  }
  if (!isQuestion(text)) return explained('Noted. Ask me about it later in this conversation.')
  if (offers(SEARCH)) return { call: SEARCH, arguments: { query: text } }
  const found = mostAlike(text, said) ?? remembered(result)
  return found
    ? explained(`You told me: ${found}`)
    : { say: `I do not find anything about that in what you told me.\n\n${WHAT_I_AM}` }
}

/** What its tool found, when it has asked for one in this turn. */
function resultOf(messages: Message[]): ToolResultPart | undefined {
  const last = messages.at(-1)
  return last?.role === 'tool' ? last.content.at(-1) : undefined
}

const isError = (result: ToolResultPart | undefined) =>
  typeof result?.output === 'object' && result.output !== null && 'error' in result.output

/** The best of what the memory found. */
function remembered(result: ToolResultPart | undefined): string | undefined {
  const { results } = (result?.output ?? {}) as { results?: { content: string }[] }
  return results?.[0]?.content
}

const isFirst = (messages: Message[]) => !messages.some((message) => message.role === 'assistant' && textOf(message))

function toldFact(text: string): string | undefined {
  const match = /^\s*(?:please\s+)?(?:remember|note|keep in mind|don'?t forget)(?:\s+that)?[\s:,]+(.+)$/is.exec(text)
  return match?.[1]?.trim()
}

const isQuestion = (text: string) =>
  text.includes('?') ||
  /^\s*(who|what|when|where|why|which|whose|how|is|are|was|were|do|does|did|can|could|tell)\b/i.test(text)

/** The earlier statement that shares the most words with the question; the newer one of two that are as good. */
function mostAlike(question: string, earlier: string[]): string | undefined {
  const asked = stems(question)
  let best: string | undefined
  let most = 0
  for (const text of earlier) {
    if (isQuestion(text)) continue
    const shared = [...stems(text)].filter((stem) => asked.has(stem)).length
    if (shared === 0 || shared < most) continue
    most = shared
    best = toldFact(text) ?? text
  }
  return best
}

const COMMON = new Set(
  'the and for are was were that this with what when where who whom which why how does did you your mine have has had can could about tell told not'.split(
    ' '
  )
)

function stems(text: string): Set<string> {
  const words = text.toLowerCase().match(/\p{L}[\p{L}\p{N}]*/gu) ?? []
  return new Set(
    words.filter((word) => word.length > 2 && !COMMON.has(word)).map((word) => word.replace(/(?:ing|ed|es|s)$/, ''))
  )
}
