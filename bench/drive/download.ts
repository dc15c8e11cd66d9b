import { once } from 'node:events'
import { connect } from 'node:net'
import { type Load, watchLoad } from './load.ts'

export interface DownloadPlan {
  port: number
  /** The server's process. */
  pid: number
  token: string
  path: string
  /** Of the file. */
  bytes: number
  connections: number
  warmupMs: number
  measureMs: number
}

export interface DownloadResult {
  /** Files in a second, counted by their bytes. */
  rate: number
  count: number
  load: Load
}

const { port, pid, token, path, bytes, connections, warmupMs, measureMs } = JSON.parse(
  process.argv[2] ?? ''
) as DownloadPlan
const request = `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n\r\n`
let received = 0

/** Asks for the file again and again, and keeps nothing of it: an HTTP client that hands on each piece costs too much. */
async function read(until: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  let left = 0
  socket.on('data', (piece: Buffer) => {
    let body = piece.length
    if (left === 0) {
      const head = piece.indexOf('\r\n\r\n')
      if (!piece.toString('latin1', 0, 13).startsWith('HTTP/1.1 200 ') || head === -1) {
        return void socket.destroy(new Error(`expected a file, got ${piece.toString('latin1', 0, 200)}`))
      }
      body -= head + 4
      left = bytes
    }
    left -= body
    received += body
    if (left > 0 && performance.now() < until) return
    if (performance.now() < until) socket.write(request)
    else socket.destroy()
  })
  socket.write(request)
  await once(socket, 'close')
}

async function readAll(ms: number): Promise<number> {
  received = 0
  await Promise.all(Array.from({ length: connections }, () => read(performance.now() + ms)))
  return received / bytes
}

await readAll(warmupMs)
const loadOf = watchLoad(pid)
const count = await readAll(measureMs)
const load = loadOf()
const result: DownloadResult = { rate: count / load.seconds, count, load }
console.log(JSON.stringify(result))
