import { setTimeout } from 'node:timers/promises'
import { type Load, watchLoad } from './load.ts'
import { fail, frame, Peer, unframe } from './peer.ts'

export interface CallsPlan {
  port: number
  pid: number
  token: string
  sockets: number
  /** Calls of each socket that wait for their answer. */
  inFlight: number
  warmupMs: number
  measureMs: number
}

export interface CallsResult {
  /** Calls answered in a second. */
  rate: number
  /** Calls answered. */
  count: number
  load: Load
}

const plan = JSON.parse(process.argv[2] ?? '') as CallsPlan
const ping = frame({ jsonrpc: '2.0', id: 1, method: 'system.ping' })
let answered = 0

/** Answers are all of one length, as their ids and times are: only the first is looked at, the others are counted. */
class Caller {
  #size = 0
  #bytes = 0
  #peer: Peer | undefined

  static async open(): Promise<Caller> {
    const caller = new Caller()
    caller.#peer = await Peer.open(plan.port, plan.token, (bytes) => caller.#take(bytes))
    return caller
  }

  begin(): void {
    this.#peer?.write(ping)
  }

  #take(bytes: Buffer): void {
    if (this.#size === 0) {
      this.#size = check(bytes)
      return this.#ask(plan.inFlight)
    }
    this.#bytes += bytes.length
    const count = Math.floor(this.#bytes / this.#size)
    this.#bytes -= count * this.#size
    answered += count
    if (count > 0) this.#ask(count)
  }

  #ask(count: number): void {
    this.#peer?.write(count === 1 ? ping : Buffer.concat(Array.from({ length: count }, () => ping)))
  }
}

/** @returns the length of the answer's frame */
function check(bytes: Buffer): number {
  const { texts } = unframe(bytes)
  const { id, result } = JSON.parse(texts[0] ?? '') as { id?: unknown; result?: { pong?: unknown } }
  if (texts.length !== 1 || id !== 1 || result?.pong !== true) fail(new Error(`not an answer: ${texts.join(' ')}`))
  return bytes.length
}

const callers = await Promise.all(Array.from({ length: plan.sockets }, () => Caller.open()))
for (const caller of callers) caller.begin()
await setTimeout(plan.warmupMs)
const loadOf = watchLoad(plan.pid)
const before = answered
await setTimeout(plan.measureMs)
const count = answered - before
const load = loadOf()
const result: CallsResult = { rate: count / load.seconds, count, load }
console.log(JSON.stringify(result))
process.exit(0)
