import type { Storage } from './storage/port.ts'

/** Why a gateway is not to be given more to do. */
export type NotReady = 'storage' | 'shutting_down' | 'overloaded'

/** Whether a load balancer is to send requests here. */
export interface Readiness {
  /** Empty: it is ready. Takes at most a second, and asks the storage at most twice a second, whoever asks. */
  reasons(): Promise<NotReady[]>
  /** It is not ready any more, for good; what comes all the same is still served. */
  end(): void
}

export interface ReadinessOptions {
  storage: Pick<Storage, 'check'>
  isOverloaded(): boolean
}

const LIMIT_MS = 1000
const FRESH_MS = 500

export function watchReadiness({ storage, isOverloaded }: ReadinessOptions): Readiness {
  let ended = false
  let checkedAt = -Infinity
  let works: Promise<boolean> = Promise.resolve(true)

  function storageWorks(): Promise<boolean> {
    const now = performance.now()
    if (now - checkedAt < FRESH_MS) return works
    checkedAt = now
    works = within(storage.check())
    return works
  }

  return {
    async reasons() {
      // One that closes has no storage to be asked.
      if (ended) return ['shutting_down']
      const reasons: NotReady[] = (await storageWorks()) ? [] : ['storage']
      return isOverloaded() ? [...reasons, 'overloaded'] : reasons
    },
    end: () => void (ended = true)
  }
}

/** Whether the work comes to a good end in time. */
function within(work: Promise<void>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(resolve, LIMIT_MS, false)
  const settle = (worked: boolean) => {
    clearTimeout(timer)
    resolve(worked)
  }
  work.then(
    () => settle(true),
    () => settle(false)
  )
  return promise
}
