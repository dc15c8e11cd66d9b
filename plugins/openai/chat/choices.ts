import type { Entry } from '../../../src/turns/event.ts'
import type { Turn } from '../../../src/turns/turn.ts'

/** An entry of one of several turns. */
export interface ChoiceEntry {
  choice: number
  entry: Entry
}

type Take = (item: ChoiceEntry) => Promise<void> | undefined

/**
 * Several turns as one source, their entries as they come. Where `take` returns a promise all of them wait for it; when
 * one fails or is aborted, so are the others.
 */
export function sideBySide(turns: readonly Turn[]): { read(take: Take): Promise<void> } {
  return {
    async read(take) {
      let waiting: Promise<void> | undefined
      function inTurn(item: ChoiceEntry): Promise<void> | undefined {
        if (waiting) return waiting.then(() => inTurn(item))
        const taking = take(item)
        if (taking) waiting = taking.finally(() => (waiting = undefined))
        return waiting
      }
      const read = (turn: Turn, choice: number) =>
        turn.read((entry) => {
          if (entry.event.type === 'finished' && !isWhole(entry.event.outcome.finishReason)) abortAll()
          return inTurn({ choice, entry })
        })
      const abortAll = () => turns.forEach((turn) => turn.abort('cancelled'))
      await Promise.all(turns.map(read))
    }
  }
}

const isWhole = (reason: string) => reason !== 'error' && reason !== 'aborted'
