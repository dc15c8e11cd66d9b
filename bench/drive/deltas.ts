import { question } from './question.ts'
import { fail, frame, Peer, unframe } from './peer.ts'

export interface DeltasPlan {
  port: number
  token: string
  agentId: string
  /** Where the provider is that the agent asks, and the model there. */
  upstream: { port: number; model: string }
}

/** Milliseconds from when the provider wrote a chunk to when it was here. */
export interface Delays {
  count: number
  p50: number
  p99: number
}

export interface DeltasResult {
  /** Read from the provider itself. */
  direct: Delays
  /** Read as deltas of the gateway. */
  gateway: Delays
}

const plan = JSON.parse(process.argv[2] ?? '') as DeltasPlan
const WARMUP = 10
/** The same clock in all processes of a machine, in microseconds. */
const now = (): number => Number(process.hrtime.bigint() / 1000n)

function summary(delays: number[]): Delays {
  const sorted = delays.slice(WARMUP).toSorted((a, b) => a - b)
  const valueAt = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
  return { count: sorted.length, p50: valueAt(0.5), p99: valueAt(0.99) }
}

/** The least that there is: the machine's own delay in waking two processes. */
async function readProvider({ port, model }: DeltasPlan['upstream']): Promise<Delays> {
  const delays: number[] = []
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: question(model, 1)
  })
  const text = response.body?.pipeThrough(new TextDecoderStream()) ?? []
  for await (const chunk of text) {
    const at = now()
    for (const [, time] of chunk.matchAll(/"content":"(\d+)"/g)) delays.push((at - Number(time)) / 1000)
  }
  return summary(delays)
}

interface Message {
  method?: string
  params?: { delta?: string }
  result?: object
  error?: object
}

async function readGateway({ port, token, agentId }: DeltasPlan): Promise<Delays> {
  const delays: number[] = []
  const { promise: answered, resolve } = Promise.withResolvers<void>()
  let rest = Buffer.alloc(0)

  function take(bytes: Buffer): void {
    const at = now()
    const read = unframe(Buffer.concat([rest, bytes]))
    rest = Buffer.from(read.rest)
    for (const text of read.texts) note(at, JSON.parse(text) as Message)
  }

  function note(at: number, { method, params, result, error }: Message): void {
    if (error) fail(new Error(JSON.stringify(error)))
    if (result) resolve()
    if (method === 'agent.delta') delays.push((at - Number(params?.delta)) / 1000)
  }

  const peer = await Peer.open(port, token, take)
  peer.write(frame({ jsonrpc: '2.0', id: 1, method: 'agent.stream', params: { message: 'Go', agentId } }))
  await answered
  return summary(delays)
}

const result: DeltasResult = { direct: await readProvider(plan.upstream), gateway: await readGateway(plan) }
console.log(JSON.stringify(result))
process.exit(0)
