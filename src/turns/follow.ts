import type { KeptTurnStore } from '../storage/port.ts'
import type { Take } from './log.ts'

/** Readers of turns that go on in the background. Any number may read one, from any place on. */
export interface Followers {
  /** More of a turn is stored, or it has ended. */
  tell(id: string): void
  /**
   * Hands over what happened in a kept turn after an entry, and what is to happen. Where `take` returns a promise it waits.
   * Resolves after `finished`, or when the turn is gone.
   * @throws the signal's reason
   */
  read(id: string, after: number, take: Take, signal: AbortSignal): Promise<void>
}

const PAGE = 200
/** A turn that nothing is told of is looked at anyway: another process may end it. */
const LOOK_MS = 5000

/** @param store is read for each piece: a reader sees what is stored, and nothing else */
export function followTurns(store: KeptTurnStore): Followers {
  const waiting = new Map<string, Set<() => void>>()

  function wait(id: string, signal: AbortSignal): { told: Promise<void>; end(): void } {
    const { promise: told, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    const all = waiting.get(id) ?? new Set()
    waiting.set(id, all.add(wake))
    const timer = setTimeout(wake, LOOK_MS).unref()
    signal.addEventListener('abort', wake, { once: true })
    function end(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
      all.delete(wake)
      if (all.size === 0) waiting.delete(id)
    }
    return { told, end }
  }

  return {
    tell(id) {
      for (const wake of waiting.get(id) ?? []) wake()
    },
    async read(id, after, take, signal) {
      let seen = after
      for (;;) {
        signal.throwIfAborted()
        const news = wait(id, signal) // before the look: what is stored in between is told
        try {
          const entries = await store.entries(id, seen, PAGE)
          for (const entry of entries) {
            await take(entry)
            seen = entry.seq
            if (entry.event.type === 'finished') return
          }
          if (entries.length > 0) continue
          if (!(await store.get(id))) return
          await news.told
        } finally {
          news.end()
        }
      }
    }
  }
}
