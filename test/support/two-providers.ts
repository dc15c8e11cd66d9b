import t, { type Test } from 'tap'
import type { ConfigInput, GatewayOptions } from '../../src/gateway.ts'
import { startUpstream, type Upstream } from '../upstream/start.ts'
import { bearer, listenGateway } from './gateway.ts'
import { caller } from './socket.ts'
import { parseEvents } from './sse.ts'
import { type Watch, watch } from './watch.ts'

type ProviderInput = NonNullable<ConfigInput['providers']>[string]

/** Two upstreams that live as long as the test file. */
export function startTwo(): { first: () => Upstream; second: () => Upstream } {
  const started: Upstream[] = []
  t.before(async () => {
    started.push(...(await Promise.all([startUpstream(), startUpstream()])))
  })
  t.teardown(() => Promise.all(started.map((upstream) => upstream.stop())))
  return { first: () => started[0] as Upstream, second: () => started[1] as Upstream }
}

export interface Setup {
  /** The model of the agent and of the provider `a`. */
  model: string
  /** Those of both. */
  fallbacks?: string[]
  /** How `a` is called. */
  a?: ProviderInput
  b?: ProviderInput
  agent?: object
  more?: GatewayOptions
}

/** What a client was answered. */
export interface Answered {
  status: number
  /** The text, or the error's message. */
  text: string
  retryAfter: string | null
}

export interface Gateway {
  url: string
  rpc: ReturnType<typeof caller>
  seen: Watch
  /** The ways to ask: the agent or the model, streamed or not. */
  ask: Record<(typeof WAYS)[number], (message?: string) => Promise<Answered>>
  /** How often each upstream was asked since the start. */
  asked(): Promise<[first: number, second: number]>
}

export const WAYS = ['chat', 'chatStream', 'agent', 'agentStream', 'model', 'modelStream'] as const

/** A gateway before two providers, `a` and `b`, an agent over the first, and a reader of its events. */
export async function gatewayOfTwo(
  t: Test,
  [first, second]: [Upstream, Upstream],
  { model, fallbacks, a, b, agent, more }: Setup
): Promise<Gateway> {
  const provider = (upstream: Upstream) => ({ type: 'openai-compatible', baseURL: `${upstream.url}/v1` }) as const
  const { url } = await listenGateway(t, {
    providers: {
      a: { ...provider(first), timeoutMs: 300, models: [{ id: model, fallbacks }], ...a },
      b: { ...provider(second), timeoutMs: 300, ...b }
    },
    agents: { default: { provider: 'a', model, fallbacks, memory: { recall: false }, ...agent } },
    embeddings: false,
    ...more
  })
  await Promise.all([first.reset(), second.reset()])
  const seen = await watch(t, url, { query: '?types=model:*,provider:*,observability:token_usage,system:error' })

  async function post(path: string, body: object): Promise<{ response: Response; text: string }> {
    const headers = { ...bearer(), 'content-type': 'application/json' }
    const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    return { response, text: await response.text() }
  }
  const chat = async (message: string) => toAnswered(await post('/api/chat', { message }))
  const chatStream = async (message: string) => toAnswered(await post('/api/chat/stream', { message }))
  const complete = (name: string, stream: boolean) => async (content: string) =>
    toAnswered(await post('/v1/chat/completions', { model: name, messages: [{ role: 'user', content }], stream }))
  const ways = {
    chat,
    chatStream,
    agent: complete('agent/default', false),
    agentStream: complete('agent/default', true),
    model: complete(`a/${model}`, false),
    modelStream: complete(`a/${model}`, true)
  }
  const ask = Object.fromEntries(
    Object.entries(ways).map(([way, send]) => [way, (message = 'hello there') => send(message)])
  ) as Gateway['ask']
  return {
    url,
    rpc: caller(url),
    seen,
    ask,
    asked: async () => [(await first.requests()).length, (await second.requests()).length]
  }
}

interface Body {
  response?: string
  choices?: { message?: { content: string }; delta?: { content?: string } }[]
  error?: string | { message: string }
  delta?: string
}

async function toAnswered({ response, text }: { response: Response; text: string }): Promise<Answered> {
  const streams = response.headers.get('content-type')?.startsWith('text/event-stream')
  const bodies = streams ? await readStream(text) : [JSON.parse(text) as Body]
  return { status: response.status, text: bodies.map(saidBy).join(''), retryAfter: response.headers.get('retry-after') }
}

async function readStream(text: string): Promise<Body[]> {
  const events = await parseEvents(text)
  return events
    .filter(({ data, event }) => data !== '[DONE]' && event !== 'done')
    .map(({ data }) => JSON.parse(data) as Body)
}

function saidBy({ response, choices, error, delta }: Body): string {
  if (error !== undefined) return typeof error === 'string' ? error : error.message
  const [choice] = choices ?? []
  return response ?? delta ?? choice?.message?.content ?? choice?.delta?.content ?? ''
}
