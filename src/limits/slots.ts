import type { TurnLimits } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'

/** The right to run, until it is disposed of. */
export type Slot = Disposable

interface Waiter {
  grant(): void
}

/** How long whoever is refused is to stay away. */
const RETRY_SECONDS = 2

/**
 * How many turns, or other things that take a while, run at the same time, of each client and in all. The others wait: the clients take turns, and of one
 * client whoever came first goes first.
 */
export class Slots {
  readonly #read: () => TurnLimits
  readonly #full: string
  readonly #running = new Map<string, number>()
  /** By client; whoever is next in turn stands first. */
  readonly #queues = new Map<string, Waiter[]>()
  #all = 0
  #waiting = 0

  /**
   * @param read the limits as they are at the moment
   * @param full what whoever is refused is told
   */
  constructor(read: () => TurnLimits, full = 'Too many turns are waiting') {
    this.#read = read
    this.#full = full
  }

  get waiting(): number {
    return this.#waiting
  }

  /** @throws GatewayError `busy` where not even a place to wait is left */
  refuse(clientId: string): void {
    if (this.#mayRun(clientId)) return
    const { maxQueued } = this.#read()
    const own = this.#queues.get(clientId)?.length ?? 0
    if (this.#waiting >= maxQueued || own >= Math.ceil(maxQueued / 2)) throw busy(this.#full)
  }

  /**
   * Waits for a slot.
   * @throws GatewayError `busy` when too many wait, or when it takes too long; the signal's reason
   */
  acquire(clientId: string, signal: AbortSignal): Slot | Promise<Slot> {
    signal.throwIfAborted()
    if (this.#mayRun(clientId)) return this.#take(clientId)
    this.refuse(clientId)
    return this.#wait(clientId, signal)
  }

  /** The limits have changed: more may run now. */
  changed(): void {
    while (this.#grantNext());
  }

  #mayRun(clientId: string): boolean {
    const { maxConcurrent, maxPerClient } = this.#read()
    return this.#all < maxConcurrent && (this.#running.get(clientId) ?? 0) < maxPerClient
  }

  #take(clientId: string): Slot {
    this.#all++
    this.#running.set(clientId, (this.#running.get(clientId) ?? 0) + 1)
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (!held) return
        held = false
        this.#free(clientId)
      }
    }
  }

  #free(clientId: string): void {
    this.#all--
    const left = (this.#running.get(clientId) ?? 1) - 1
    if (left === 0) this.#running.delete(clientId)
    else this.#running.set(clientId, left)
    this.#grantNext()
  }

  /** @returns whether there was one who may run */
  #grantNext(): boolean {
    for (const [clientId, queue] of this.#queues) {
      if (!this.#mayRun(clientId)) continue
      queue[0]?.grant()
      return true
    }
    return false
  }

  #wait(clientId: string, signal: AbortSignal): Promise<Slot> {
    const { promise, resolve, reject } = Promise.withResolvers<Slot>()
    const waiter: Waiter = {
      grant: () => {
        end()
        const slot = this.#take(clientId)
        this.#toTheEnd(clientId)
        resolve(slot)
      }
    }
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
      this.#remove(clientId, waiter)
    }
    const leave = () => {
      end()
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      end()
      reject(busy('No place became free in time'))
    }, this.#read().queueMs)
    signal.addEventListener('abort', leave, { once: true })
    const queue = this.#queues.get(clientId) ?? []
    queue.push(waiter)
    this.#queues.set(clientId, queue)
    this.#waiting++
    return promise
  }

  #remove(clientId: string, waiter: Waiter): void {
    const queue = this.#queues.get(clientId) ?? []
    queue.splice(queue.indexOf(waiter), 1)
    if (queue.length === 0) this.#queues.delete(clientId)
    this.#waiting--
  }

  #toTheEnd(clientId: string): void {
    const queue = this.#queues.get(clientId)
    if (!queue) return
    this.#queues.delete(clientId)
    this.#queues.set(clientId, queue)
  }
}

const busy = (message: string) => new GatewayError('busy', message, { retryAfterSeconds: RETRY_SECONDS })
