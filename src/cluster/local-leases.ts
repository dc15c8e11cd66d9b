import { GatewayError } from '../errors.ts'
import type { Lease, Leases } from './leases.ts'

interface Waiter {
  grant(): void
}

const MAX_WAITING = 16
const NEVER = new AbortController().signal

/** Leases among the turns of one process: a queue for each key. They are never lost. */
export function localLeases(): Leases {
  const queues = new Map<string, Waiter[]>()
  let fence = Date.now() // above every fence of an earlier process over the same store

  function lease(key: string): Lease {
    let held = true
    return {
      fence: ++fence,
      lost: NEVER,
      async [Symbol.asyncDispose]() {
        if (!held) return
        held = false
        const next = queues.get(key)?.shift()
        if (next) next.grant()
        else queues.delete(key)
      }
    }
  }

  function wait(key: string, queue: Waiter[], signal: AbortSignal): Promise<Lease> {
    return new Promise((resolve, reject) => {
      const waiter = {
        grant() {
          signal.removeEventListener('abort', leave)
          resolve(lease(key))
        }
      }
      function leave() {
        queue.splice(queue.indexOf(waiter), 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      queue.push(waiter)
    })
  }

  return {
    async acquire(key, signal) {
      signal.throwIfAborted()
      const queue = queues.get(key)
      if (!queue) {
        queues.set(key, [])
        return lease(key)
      }
      if (queue.length >= MAX_WAITING) {
        throw new GatewayError('busy', 'Too many turns of this session are waiting', { retryAfterSeconds: 5 })
      }
      return wait(key, queue, signal)
    }
  }
}
