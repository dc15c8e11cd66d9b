import { fail, frame, Peer, unframe } from './peer.ts'

export interface DeltasPlan {
  port: number
  token: string
  agentId: string
}

export interface DeltasResult {
  /** Deltas that came. */
  count: number
  /** Milliseconds from when the provider wrote a chunk to when its delta was here. */
  p50: number
  p99: number
}

const plan = JSON.parse(process.argv[2] ?? '') as DeltasPlan
const WARMUP = 10
const delays: number[] = []
let rest = Buffer.alloc(0)

/** The same clock in all processes of a machine, in microseconds. */
const now = (): number => Number(process.hrtime.bigint() / 1000n)

function take(bytes: Buffer): void {
  const at = now()
  const read = unframe(Buffer.concat([rest, bytes]))
  rest = Buffer.from(read.rest)
  for (const text of read.texts) note(at, JSON.parse(text))
}

function note(
  at: number,
  message: { method?: string; params?: { delta?: string }; result?: object; error?: object }
): void {
  if (message.error) fail(new Error(JSON.stringify(message.error)))
  if (message.result) report()
  if (message.method === 'agent.delta') delays.push((at - Number(message.params?.delta)) / 1000)
}

function report(): void {
  const sorted = delays.slice(WARMUP).toSorted((a, b) => a - b)
  const valueAt = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
  console.log(JSON.stringify({ count: sorted.length, p50: valueAt(0.5), p99: valueAt(0.99) } satisfies DeltasResult))
  process.exit(0)
}

const peer = await Peer.open(plan.port, plan.token, take)
peer.write(frame({ jsonrpc: '2.0', id: 1, method: 'agent.stream', params: { message: 'Go', agentId: plan.agentId } }))
