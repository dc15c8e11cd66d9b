import type { Failure } from './failures.ts'
import type { JsonObject } from './wire.ts'
import { words } from './wire.ts'

export type Finish = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/** One message of the conversation that a request carries, in no format's terms. */
export interface Turn {
  role: string
  text: string
}

/** What a request asks for, in no format's terms. */
export interface Asked {
  turns: Turn[]
  /** Names of the tools it offers. */
  tools: string[]
}

export interface Call {
  name: string
  arguments: string
}

/** What has been answered so far. No scenario mixes text with a call. */
export interface Answer {
  text: string
  refusal: string
  reasoning: string
  /** The one that is being written; of several only chat completions know. */
  call?: Call
  calls: Call[]
  /** Deltas of text, reasoning and arguments, each of which counts as a token. */
  chunks: number
  finish?: Finish
}

export interface Usage {
  input: number
  output: number
}

/** Writes one answer in a wire format. Each method yields what goes over the wire, which may be nothing. */
export interface Encoder {
  head(): string
  text(delta: string): string
  /** Formats that do not tell a refusal from other text leave this out. */
  refusal?(delta: string): string
  reasoning(delta: string): string
  call(name: string): string
  arguments(delta: string): string
  finish(reason: Finish): string
  error(failure: Failure): string
  /** The answer as the one body of a request that does not stream. */
  whole(): JsonObject
}

/** A wire format. */
export interface Format {
  /** Whether answers can carry `reasoning_content`. */
  reasons: boolean
  read(body: JsonObject): Asked
  /** `answer` is brought up to date before each call of the encoder. */
  encoder(body: JsonObject, asked: Asked, answer: Answer): Encoder
  failure(failure: Failure): JsonObject
}

export const userText = (asked: Asked): string =>
  asked.turns.findLast((turn) => turn.role === 'user' && turn.text !== '')?.text ?? ''

/** The result of a tool, when that is what the conversation ends with. */
export function toolResult(asked: Asked): string | undefined {
  const last = asked.turns.at(-1)
  return last?.role === 'tool' ? last.text : undefined
}

/** How many results of tools the conversation holds. */
export const toolResults = (asked: Asked): number => asked.turns.filter(({ role }) => role === 'tool').length

export function usageOf(asked: Asked, answer: Answer): Usage {
  const input = asked.turns.reduce((sum, turn) => sum + words(turn.text).length, 0)
  return { input, output: answer.chunks }
}

/** The names in a list of tools; `undefined` entries stand for tools that are no functions. */
export const names = (tools: unknown[]): string[] => tools.filter((name) => typeof name === 'string')
