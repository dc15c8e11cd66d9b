import { setImmediate } from 'node:timers/promises'
import { textOf } from '../message.ts'
import type { ModelEvent, ModelRequest } from '../port.ts'
import { wordsOf } from './words.ts'

/** Streams the last message back, a word in each turn of the event loop as a provider would: for tests and benchmarks. */
export async function* echo({ messages }: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent[]> {
  const last = messages.at(-1)
  const words = wordsOf(last ? textOf(last) : '')
  for (const delta of words) {
    await setImmediate()
    signal.throwIfAborted()
    yield [{ type: 'text', delta }]
  }
  yield [{ type: 'finish', reason: 'stop', usage: { input: words.length, output: words.length } }]
}
