import { get } from 'node:http'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { cpuMs, residentMb } from '../cpu.ts'
import { fail, Peer } from './peer.ts'

export interface SocketsPlan {
  port: number
  pid: number
  token: string
  sockets: number
  /** Heartbeats to wait for; 0: only memory is measured. */
  beats: number
  beatMs: number
}

export interface SocketsResult {
  /** Resident memory of the server in megabytes, without the sockets and with them. */
  memory: { empty: number; joined: number }
  /** Milliseconds of the server's processor for one heartbeat to all sockets. */
  beatCpuMs: number
}

const plan = JSON.parse(process.argv[2] ?? '') as SocketsPlan
const AT_ONCE = 50
const SETTLE_MS = 500

async function memory(): Promise<number> {
  const [response] = await once(get({ host: '127.0.0.1', port: plan.port, path: '/_gc', agent: false }), 'response')
  await text(response)
  await setTimeout(SETTLE_MS)
  return residentMb(plan.pid) ?? NaN
}

const empty = await memory()
let bytes = 0
const peers: Peer[] = []
while (peers.length < plan.sockets) {
  const open = () => Peer.open(plan.port, plan.token, (piece) => void (bytes += piece.length))
  const missing = Math.min(AT_ONCE, plan.sockets - peers.length)
  peers.push(...(await Promise.all(Array.from({ length: missing }, open))))
}
const joined = await memory()
bytes = 0
const since = cpuMs(plan.pid) ?? NaN
await setTimeout(plan.beats * plan.beatMs)
const beatCpuMs = ((cpuMs(plan.pid) ?? NaN) - since) / plan.beats
if (plan.beats > 0 && bytes < plan.sockets * plan.beats) fail(new Error('there were no heartbeats'))
console.log(JSON.stringify({ memory: { empty, joined }, beatCpuMs } satisfies SocketsResult))
process.exit(0)
