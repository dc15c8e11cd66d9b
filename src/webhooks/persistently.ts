/** Writes that are made again until the store takes them. */
export interface PersistentWrites {
  /** Never rejects. Resolves once it is written, or given up since the gateway ends: the next start finds it undone. */
  write(work: () => Promise<unknown>): Promise<void>
  /** Lets each write that still fails be tried once more, and resolves once none is under way. */
  end(): Promise<void>
}

/** After the store failed. */
export const REST_MS = 1000

/** @param onError is told of each failure */
export function persistently(onError: (error: unknown) => void): PersistentWrites {
  const open = new Set<Promise<void>>()
  const ending = new AbortController()

  async function repeat(work: () => Promise<unknown>): Promise<void> {
    for (;;) {
      const isLast = ending.signal.aborted
      try {
        await work()
        return
      } catch (error) {
        onError(error)
      }
      if (isLast) return
      await rest(ending.signal)
    }
  }

  return {
    write(work) {
      const writing = repeat(work).finally(() => open.delete(writing))
      open.add(writing)
      return writing
    },
    async end() {
      ending.abort()
      await Promise.all(open)
    }
  }
}

function rest(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, REST_MS)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
