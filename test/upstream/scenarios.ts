import type { Asked, Finish } from './format.ts'
import { toolResult, toolResults, userText } from './format.ts'
import { words } from './wire.ts'

/** What an answer is made of. Where the steps end, the response ends, finished or not. */
export type Step =
  | { type: 'text' | 'refusal' | 'reasoning' | 'arguments'; delta: string }
  | { type: 'call'; name: string }
  | { type: 'finish'; reason: Finish }
  | { type: 'wait'; ms: number }
  | { type: 'comment' | 'garbage' | 'error' | 'hang' | 'reset' | 'reset-kept' | 'hint' }

/** How an answer's bytes are laid out: with CRLF for line ends, or in writes that end at the worst places. */
export type Layout = 'plain' | 'crlf' | 'cut'

export interface Scenario {
  steps: Iterable<Step>
  layout: Layout
}

type Steps = (asked: Asked, raw: string) => Iterable<Step>

/** What `cut` answers: characters of two, three and four bytes, and some that several code points make up. */
export const CUT_TEXT = 'Grüße 👋🏽 aus Köln – 你好, 世界! Ça coûte 9 €, Ωμέγα, привет, 👩‍👩‍👧 und 🇩🇪 – e\u0301 ist nicht é'

const SCENARIOS = new Map<string, Steps>([
  ['words', repeat],
  ['long-only', repeat],
  ['text-only', repeat],
  ['text-only-kind', repeat],
  ['text-only-500', repeat],
  ['text-only-enum', repeat],
  ['crlf', repeat],
  ['cut', () => say(CUT_TEXT)],
  ['slow', () => slow()],
  ['slow-30', () => slow(30)],
  ['slow-5', () => slow(5)],
  ['stalled', () => [...tokens(2), { type: 'hang' }]],
  ['silent', () => [{ type: 'hang' }]],
  // A reset discards what the client has yet to read, so the chunks get some time to arrive.
  ['reset', () => [...tokens(3), { type: 'wait', ms: 20 }, { type: 'reset' }]],
  ['reset-first', () => [{ type: 'reset' }]],
  ['reset-kept', (asked) => [{ type: 'reset-kept' }, ...repeat(asked)]],
  ['hinted', (asked) => [{ type: 'hint' }, ...repeat(asked)]],
  ['truncated', () => tokens(3)],
  ['comments', commented],
  ['error-mid', () => [...tokens(2), { type: 'error' }]],
  // It goes on to finish well, so that only who minds the bad line fails.
  ['garbage', () => [...tokens(2), { type: 'garbage' }, finish('stop')]],
  ['length', () => [...tokens(2), finish('length')]],
  ['filter', () => [...tokens(1), finish('content_filter')]],
  ['tool', (asked) => answerTool(asked) ?? callTool(asked, argumentsFor(asked))],
  ['tool-then-500', (asked) => callTool(asked, argumentsFor(asked))],
  ['tool-loop', (asked) => callTool(asked, argumentsFor(asked))],
  ['tool-bad', (asked) => callTool(asked, '{"query": "never closed')],
  ['tools-at-once', (asked) => answerTool(asked) ?? callAll(asked)],
  ['first-then-last', (asked) => callInTurn(asked)],
  ['reasoning', reason],
  ['refusal', refuse],
  ['usage', repeat],
  ['annotated', repeat],
  ['echo-request', (_asked, raw) => [{ type: 'text', delta: raw }, finish('stop')]]
])

/** The scenario that a model of this name plays, of which `raw` is the request's body as it came. */
export function scenarioOf(model: string, asked: Asked, raw: string): Scenario | undefined {
  const count = /^words-(\d{1,7})$/.exec(model)?.[1]
  if (count !== undefined) return { steps: countTo(Number(count)), layout: 'plain' }
  const ticks = /^clock-(\d{1,4})$/.exec(model)?.[1]
  if (ticks !== undefined) return { steps: tell(Number(ticks)), layout: 'plain' }
  const steps = SCENARIOS.get(model.startsWith('flaky-') ? 'words' : model)?.(asked, raw)
  return steps && { steps, layout: model === 'crlf' || model === 'cut' ? model : 'plain' }
}

const finish = (reason: Finish): Step => ({ type: 'finish', reason })

function* tokens(count: number): Iterable<Step> {
  for (let i = 0; i < count; i++) yield { type: 'text', delta: `token${i} ` }
}

function* countTo(count: number): Iterable<Step> {
  yield* tokens(count)
  yield finish('stop')
}

/** The time of each chunk in microseconds, on a clock that all processes of a machine share. */
function* tell(count: number): Iterable<Step> {
  for (let i = 0; i < count; i++) {
    yield { type: 'text', delta: `${process.hrtime.bigint() / 1000n}` }
    yield { type: 'wait', ms: 20 }
  }
  yield finish('stop')
}

function* say(text: string): Iterable<Step> {
  for (const delta of words(text)) yield { type: 'text', delta }
  yield finish('stop')
}

function repeat(asked: Asked): Iterable<Step> {
  return say(userText(asked))
}

function* slow(count = 200): Iterable<Step> {
  for (const token of tokens(count)) {
    yield token
    yield { type: 'wait', ms: 50 }
  }
  yield finish('stop')
}

function* commented(asked: Asked): Iterable<Step> {
  for (const step of repeat(asked)) {
    yield { type: 'comment' }
    yield step
  }
}

function* reason(asked: Asked): Iterable<Step> {
  for (const delta of ['First ', 'I ', 'think. ']) yield { type: 'reasoning', delta }
  yield* repeat(asked)
}

function* refuse(): Iterable<Step> {
  for (const delta of ['I cannot ', 'help with that.']) yield { type: 'refusal', delta }
  yield finish('stop')
}

const argumentsFor = (asked: Asked): string => JSON.stringify({ query: userText(asked) })

function answerTool(asked: Asked): Iterable<Step> | undefined {
  const result = toolResult(asked)
  return result === undefined ? undefined : say(`tool said: ${result}`)
}

/** Without a tool to call, a model can only talk. */
function callTool(asked: Asked, json: string): Iterable<Step> {
  const name = asked.tools[0]
  return name === undefined ? repeat(asked) : call(name, json)
}

function* call(name: string, json: string): Iterable<Step> {
  yield* callWith(name, json)
  yield finish('tool_calls')
}

function* callWith(name: string, json: string): Iterable<Step> {
  yield { type: 'call', name }
  for (const delta of json.match(/.{1,6}/gsu) ?? []) yield { type: 'arguments', delta }
}

function* callAll(asked: Asked): Iterable<Step> {
  for (const name of asked.tools) yield* callWith(name, argumentsFor(asked))
  yield finish('tool_calls')
}

/** Says something and calls the first tool, then the last one, and answers with what that said. */
function* callInTurn(asked: Asked): Iterable<Step> {
  const results = toolResults(asked)
  if (results > 1) return yield* answerTool(asked) ?? repeat(asked)
  yield { type: 'text', delta: results === 0 ? 'Let me see. ' : 'And now this. ' }
  yield* call((results === 0 ? asked.tools[0] : asked.tools.at(-1)) ?? '', argumentsFor(asked))
}
