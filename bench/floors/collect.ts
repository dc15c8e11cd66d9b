/**
 * Collects what nothing refers to, for a process that runs with `--expose-gc`. As the last resort, so that V8 gives back to the
 * system what is empty: it keeps up to a hundred megabytes for itself otherwise, which what is opened next would be made of.
 */
export function collect(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
