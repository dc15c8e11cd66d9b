import { once } from 'node:events'
import { get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { residentMb } from '../cpu.ts'
import { type Load, watchLoad } from './load.ts'

export interface ReadersPlan {
  /** The port of the server, and its process. */
  port: number
  pid: number
  token: string
  readers: number
  /** Events that are asked for at once; 0: the readers are idle, and only memory is measured. */
  events: number
  /** How often they are asked for, each time when all readers have those before. */
  times: number
  /** Events that the server makes in one turn of its event loop. */
  burst: number
}

export interface ReadersResult {
  /** Events delivered in a second, to all readers together. */
  rate: number
  /** Events delivered. */
  count: number
  /** Resident memory of the server in megabytes, before its readers came, with them, and with all they got. */
  memory: { empty: number; joined: number; after: number }
  load: Load
}

const plan = JSON.parse(process.argv[2] ?? '') as ReadersPlan
const LIMIT_MS = 30_000
const SETTLE_MS = 500
const AT_ONCE = 50
const GREETING_END = 'data: {"retry":3000}\n\n'

/** What comes is only counted: to look at it would cost as much as the server spends on it. */
class Reader {
  readonly #socket: Socket
  bytes = 0
  head = ''

  constructor(socket: Socket) {
    this.#socket = socket
  }

  static async join(keep: boolean): Promise<Reader> {
    const buffer = keep ? Buffer.alloc(65_536) : SHARED
    const callback = (bytes: number) => reader.take(bytes, buffer)
    const socket = connect({ port: plan.port, host: '127.0.0.1', onread: { buffer, callback } })
    const reader: Reader = keep ? new Witness(socket) : new Reader(socket)
    socket.on('error', fail).on('close', () => fail(new Error('the server cut a reader off')))
    await once(socket, 'connect')
    const lines = ['GET /api/events HTTP/1.1', `host: 127.0.0.1:${plan.port}`, `authorization: Bearer ${plan.token}`]
    socket.write([...lines, '', ''].join('\r\n'))
    await until(() => reader.head.endsWith(GREETING_END))
    return reader
  }

  take(bytes: number, buffer: Buffer): boolean {
    if (this.head.endsWith(GREETING_END)) this.count(bytes, buffer)
    else this.head += buffer.toString('latin1', 0, bytes)
    return true
  }

  count(bytes: number, _buffer: Buffer): void {
    this.bytes += bytes
  }

  leave(): void {
    this.#socket.removeAllListeners('close').destroy()
  }
}

/** The one reader that looks: all others get as many bytes. */
class Witness extends Reader {
  #text = ''
  /** Ids in the order in which they came. */
  readonly ids: number[] = []

  override count(bytes: number, buffer: Buffer): void {
    super.count(bytes, buffer)
    const frames = (this.#text + buffer.toString('latin1', 0, bytes)).split('\n\n')
    this.#text = frames.pop() ?? ''
    for (const frame of frames) {
      const id = /^id: (\d+)\nevent: audit:event\ndata: \{.*\}$/.exec(frame)?.[1]
      if (id !== undefined) this.ids.push(Number(id))
      else if (!frame.startsWith('event: ping\n')) fail(new Error(`not an event: ${frame}`))
    }
  }
}

const SHARED = Buffer.alloc(65_536)

function fail(error: Error): void {
  console.error(error)
  process.exit(1)
}

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + LIMIT_MS; !holds(); await setTimeout(1)) {
    if (performance.now() > deadline) fail(new Error('the readers waited too long'))
  }
}

async function ask(path: string): Promise<void> {
  const request = get({ host: '127.0.0.1', port: plan.port, path, agent: false })
  const [response] = await once(request, 'response')
  await text(response)
}

/** Lets some events be made, and waits until all readers have them. */
async function deliver(count: number): Promise<void> {
  const before = witness.ids.length
  await ask(`/_emit?count=${count}&burst=${plan.burst}`)
  await until(() => witness.ids.length === before + count && readers.every(({ bytes }) => bytes === witness.bytes))
  const first = witness.ids[before] ?? 0
  if (witness.ids.slice(before).some((id, index) => id !== first + index)) fail(new Error('events out of order'))
}

async function memory(): Promise<number> {
  await ask('/_gc')
  await setTimeout(SETTLE_MS)
  return residentMb(plan.pid) ?? NaN
}

const empty = await memory()
const witness = (await Reader.join(true)) as Witness
const readers: Reader[] = []
while (readers.length < plan.readers - 1) {
  const missing = Math.min(AT_ONCE, plan.readers - 1 - readers.length)
  readers.push(...(await Promise.all(Array.from({ length: missing }, () => Reader.join(false)))))
}
const joined = await memory()
if (plan.events > 0) await deliver(plan.burst * 10) // to warm up
const loadOf = watchLoad(plan.pid)
for (let n = 0; n < plan.times; n++) await deliver(plan.events)
const load = loadOf()
const after = residentMb(plan.pid) ?? NaN
const count = plan.events * plan.times * plan.readers
for (const reader of [witness, ...readers]) reader.leave()
const result: ReadersResult = { rate: count / load.seconds, count, memory: { empty, joined, after }, load }
console.log(JSON.stringify(result))
