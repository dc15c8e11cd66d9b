/** Runs one piece of work at a time: each sees what the one before has made. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

/** @returns what starts a piece of work once those before it have ended, however they ended */
export function inTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(work)
    last = done.catch(() => {}) // whoever asked for it is told
    return done
  }
}
