import { type Message, textOf } from '../message.ts'
import type { ModelEvent, ModelRequest } from '../port.ts'
import { wordsOf } from './words.ts'

const WHAT_I_AM =
  'I am not a language model: I only keep what you tell me and find it again. To connect one, set OPENAI_API_KEY, ' +
  'ANTHROPIC_API_KEY or GOOGLE_GENERATIVE_AI_API_KEY (or OPENAI_BASE_URL for any compatible server), start Ollama, or ' +
  'add `providers` to comis-gateway.yaml, and start the gateway again.'

/** Answers from the conversation alone, with no model, no key and no network. */
export async function* recall({ messages }: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent[]> {
  const said = messages.filter((message) => message.role === 'user').map(textOf)
  const answer = answerTo(said.pop() ?? '', said, isFirst(messages))
  for (const delta of wordsOf(answer)) {
    signal.throwIfAborted()
    yield [{ type: 'text', delta }]
  }
  const input = messages.reduce((sum, message) => sum + wordsOf(textOf(message)).length, 0)
  yield [{ type: 'finish', reason: 'stop', usage: { input, output: wordsOf(answer).length } }]
}

const isFirst = (messages: Message[]) => !messages.some((message) => message.role === 'assistant')

function answerTo(text: string, earlier: string[], first: boolean): string {
  const explained = (answer: string) => (first ? `${answer}\n\n${WHAT_I_AM}` : answer)
  const fact = toldFact(text)
  if (fact) return explained(`I will remember: ${fact}`)
  if (!isQuestion(text)) return explained('Noted. Ask me about it later in this conversation.')
  const found = mostAlike(text, earlier)
  if (found) return explained(`You told me: ${found}`)
  return `I do not find anything about that in what you told me.\n\n${WHAT_I_AM}`
}

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
