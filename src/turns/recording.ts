import type { Message } from '../models/message.ts'
import type { TextEvent } from '../models/port.ts'
import type { KeptEnd, KeptTurn, KeptTurnStore } from '../storage/port.ts'
import type { Entry, Outcome, TurnEvent } from './event.ts'
import type { RunEvent } from './turn.ts'

/** What is kept of a turn, as it goes on. */
export interface Recording {
  /** A promise is to be awaited: much waits to be stored. */
  add(event: RunEvent): Promise<void> | undefined
  /**
   * All that is not stored yet, to be stored with the turn's end.
   * @param at when that was, in milliseconds since the epoch
   * @throws what storing the rest failed with
   */
  end(outcome: Outcome, output: Message[], at: number): Promise<KeptEnd>
}

/** A turn with one reader is stored at its end, whole: what came in pieces is put together. */
export function recordAtEnd(turn: KeptTurn): Recording {
  const events: TurnEvent[] = []
  return {
    add(event) {
      const last = events.at(-1)
      const joined = last && join(last, event)
      if (joined) events[events.length - 1] = joined
      else events.push(event)
      return undefined
    },
    async end(outcome, output, at) {
      const all: TurnEvent[] = [...events, { type: 'finished', outcome }]
      return { turn, output, entries: all.map((event, index) => ({ seq: index + 1, at, event })) }
    }
  }
}

function join(last: TurnEvent, next: RunEvent): TurnEvent | undefined {
  if (last.type === 'text' && next.type === 'text') return joinText(last, next)
  if (last.type === 'reasoning' && next.type === 'reasoning') return { ...last, delta: last.delta + next.delta }
  if (last.type === 'tool_call' && next.type === 'tool_call' && last.callId === next.callId) {
    return { ...last, delta: last.delta + next.delta }
  }
  return undefined
}

function joinText(last: TextEvent, { delta, refusal, logprobs }: TextEvent): TextEvent | undefined {
  if (last.refusal !== refusal) return undefined
  const likely = last.logprobs || logprobs ? [...(last.logprobs ?? []), ...(logprobs ?? [])] : undefined
  return { ...last, delta: last.delta + delta, ...(likely && { logprobs: likely }) }
}

/** Events that may wait to be stored. */
const MOST_WAITING = 1000

/**
 * A turn in the background is stored as it goes on: what came in one turn of the event loop is one write, and is seen
 * after it.
 * @param onStored is told after each write
 */
export function recordAsItGoes(id: string, store: KeptTurnStore, onStored: () => void): Recording {
  let waiting: Entry[] = []
  let seq = 0
  let writing: Promise<void> | undefined

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const entries = waiting
      waiting = []
      await store.append(id, entries)
      onStored()
    }
  }

  function flush(): Promise<void> {
    writing ??= Promise.resolve()
      .then(write)
      .finally(() => (writing = undefined))
    return writing
  }

  function push(event: TurnEvent, at = Date.now()): void {
    waiting.push({ seq: ++seq, at, event })
  }

  let failure: unknown
  return {
    add(event) {
      if (failure) throw failure
      push(event)
      const flushing = flush()
      if (waiting.length >= MOST_WAITING) return flushing
      flushing.catch((error: unknown) => (failure = error))
      return undefined
    },
    async end(outcome, output, at) {
      await flush()
      push({ type: 'finished', outcome }, at)
      return { output, entries: waiting }
    }
  }
}
