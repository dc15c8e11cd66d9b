import { textOf } from '../message.ts'
import type { ModelEvent, ModelRequest } from '../port.ts'
import { wordsOf } from './words.ts'

/** Streams the last message back, a word at a time: for tests and benchmarks. */
export async function* echo({ messages }: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  const last = messages.at(-1)
  const words = wordsOf(last ? textOf(last) : '')
  for (const delta of words) {
    signal.throwIfAborted()
    yield { type: 'text', delta }
  }
  yield { type: 'finish', reason: 'stop', usage: { input: words.length, output: words.length } }
}
