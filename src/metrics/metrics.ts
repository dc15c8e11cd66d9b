import { Counter, Histogram, Registry } from 'prom-client'
import type { EventLoop } from '../event-loop.ts'
import type { Events } from '../events/events.ts'
import { VERSION } from '../instance.ts'
import type { Catalog } from '../models/catalog.ts'
import type { ProviderHealth } from '../models/health.ts'
import type { TurnSummary } from '../turns/turns.ts'
import { gauge } from './gauge.ts'
import { tellProcess } from './process.ts'

/** An HTTP request that has been answered. */
export interface AnsweredRequest {
  method: string
  /** The template of its route, as `/api/turns/:id`; undefined for an address that no route has. */
  route: string | undefined
  status: number
  /** How long the answer took, in milliseconds; undefined for one that goes on as long as its reader likes. */
  ms: number | undefined
}

/** What is counted since the start, in a registry of this gateway's own: two gateways in one process share nothing. */
export interface Metrics {
  countRequest(request: AnsweredRequest): void
  countTurn(summary: TurnSummary): void
  /** Counts an answer that is a stream as open. @returns counts it as closed */
  openStream(): () => void
  /**
   * All of it in Prometheus' text exposition format, version 0.0.4.
   * @see https://prometheus.io/docs/instrumenting/exposition_formats/
   */
  read(): Promise<string>
  readonly contentType: string
}

export interface MetricsOptions {
  loop: EventLoop
  events: Events
  runningTurns(): number
  catalog: Catalog
  health: ProviderHealth
  sockets(): number
  /** What waits, by the name of its queue. */
  queues: Record<string, () => number | Promise<number>>
  /** Whether a model has a series of its own. */
  isKnown(provider: string, model: string): boolean
}

/** Seconds. Answers of the gateway itself take a millisecond, those of a model many seconds. */
const REQUEST_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120]
const TURN_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
const FIRST_TOKEN_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export function openMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry()
  tellProcess(registry)
  tellState(registry, options)
  const streams = gauge(registry, 'comis_sse_streams_open', 'Answers that are streams and go on.', [])
  return {
    ...countRequests(registry),
    ...countTurns(registry, options.isKnown),
    openStream() {
      streams.inc()
      return () => streams.dec()
    },
    read: () => registry.metrics(),
    contentType: registry.contentType
  }
}

function countRequests(registry: Registry): Pick<Metrics, 'countRequest'> {
  const registers = [registry]
  const requests = new Counter({
    name: 'comis_http_requests_total',
    help: 'HTTP requests that were answered, but for those to /health.',
    labelNames: ['method', 'route', 'status'],
    registers
  })
  const seconds = new Histogram({
    name: 'comis_http_request_duration_seconds',
    help: 'How long answers took, but for streams.',
    labelNames: ['method', 'route'],
    buckets: REQUEST_BUCKETS,
    registers
  })
  return {
    countRequest({ method, route = 'none', status, ms }) {
      requests.inc({ method, route, status: `${Math.floor(status / 100)}xx` })
      if (ms !== undefined) seconds.observe({ method, route }, ms / 1000)
    }
  }
}

function countTurns(registry: Registry, isKnown: MetricsOptions['isKnown']): Pick<Metrics, 'countTurn'> {
  const registers = [registry]
  const of = ['agent', 'provider', 'model']
  const turns = new Counter({
    name: 'comis_turns_total',
    help: 'Turns that ended.',
    labelNames: [...of, 'finish_reason'],
    registers
  })
  const tokens = new Counter({
    name: 'comis_tokens_total',
    help: 'Tokens of models: input and output.',
    labelNames: [...of, 'direction'],
    registers
  })
  const seconds = new Histogram({
    name: 'comis_turn_duration_seconds',
    help: 'How long turns took, from their request to their end.',
    labelNames: ['provider', 'model'],
    buckets: TURN_BUCKETS,
    registers
  })
  const first = new Histogram({
    name: 'comis_turn_first_token_seconds',
    help: 'How long turns took to the first event of their model.',
    labelNames: ['provider', 'model'],
    buckets: FIRST_TOKEN_BUCKETS,
    registers
  })
  return {
    countTurn({ turn, outcome, provider = 'none', model: name = 'none', durationMs, firstMs }) {
      const { target } = turn.request
      const agent = 'agent' in target ? target.agent.id : 'none'
      const model = name === 'none' || isKnown(provider, name) ? name : 'other'
      const { finishReason, usage } = outcome
      turns.inc({ agent, provider, model, finish_reason: finishReason })
      tokens.inc({ agent, provider, model, direction: 'input' }, usage.input)
      tokens.inc({ agent, provider, model, direction: 'output' }, usage.output)
      seconds.observe({ provider, model }, durationMs / 1000)
      if (firstMs !== undefined) first.observe({ provider, model }, firstMs / 1000)
    }
  }
}

/** What is as it is at the moment of the question costs nothing until it is asked for. */
function tellState(registry: Registry, { queues, ...options }: MetricsOptions): void {
  const { loop, events, runningTurns, catalog, health, sockets } = options
  gauge(registry, 'comis_info', 'Which gateway this is.', ['version']).set({ version: VERSION }, 1)
  gauge(registry, 'comis_turns_running', 'Turns that go on.', [], (it) => it.set(runningTurns()))
  gauge(registry, 'comis_websockets_open', 'Open WebSockets.', [], (it) => it.set(sockets()))
  gauge(registry, 'comis_event_readers', 'Readers of the stream of events.', [], (it) => it.set(events.readers))
  gauge(
    registry,
    'comis_event_loop_delay_seconds',
    'The 99th percentile of the delay of the event loop, over at most the last minute.',
    [],
    (it) => it.set(loop.delayMs / 1000)
  )
  gauge(registry, 'comis_queue_length', 'What waits in a queue.', ['queue'], async (it) => {
    for (const [queue, length] of Object.entries(queues)) it.set({ queue }, await length())
  })
  gauge(registry, 'comis_provider_up', '0: calls of the provider fail; 1: they work.', ['provider'], (it) => {
    it.reset() // providers come and go with the configuration
    for (const provider of catalog.providers) {
      const { status } = health.of(provider)
      if (status !== 'unknown') it.set({ provider }, status === 'ok' ? 1 : 0)
    }
  })
  const isOpen = 'Whether the provider is not called for now: 0 no, 0.5 a trial call is under way, 1 yes.'
  gauge(registry, 'comis_provider_breaker_open', isOpen, ['provider'], (it) => {
    it.reset()
    for (const provider of catalog.providers) {
      const status = catalog.gate(provider)?.state.breaker.status
      if (status) it.set({ provider }, { closed: 0, half_open: 0.5, open: 1 }[status])
    }
  })
}
