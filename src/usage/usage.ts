import type { Principal } from '../access/principal.ts'
import { GatewayError } from '../errors.ts'
import type { Events } from '../events/events.ts'
import type { AgentUsage, HourUsage, ModelUsage, PricedSums, UsageStore } from '../storage/port.ts'
import { addSums, NOTHING } from './sums.ts'

/** A stretch of time in milliseconds since the epoch, widened to whole hours. */
export interface UsagePeriod {
  since?: number
  until?: number
  /** Only what this client used. */
  clientId?: string
}

export interface TotalUsage extends PricedSums {
  /** Since when is counted; undefined before the first turn. */
  since: number | undefined
}

export interface ProviderUsage extends PricedSums {
  /** Undefined: of turns that ended before any model answered. */
  provider: string | undefined
  models: ModelUsage[]
}

/** What was used and what it cost, summed up from all turns that ended. */
export interface Usages {
  /** @throws GatewayError `invalid_request` for a period that ends before it begins, as all that take one */
  total(period: UsagePeriod): Promise<TotalUsage>
  /** The 24 hours up to the one that runs, oldest first, those without turns too. */
  lastDay(clientId?: string): Promise<{ hours: HourUsage[]; total: PricedSums }>
  /** Whoever used most tokens first. */
  byProvider(period: UsagePeriod): Promise<ProviderUsage[]>
  /** Whoever used most tokens first. */
  byAgent(period: UsagePeriod): Promise<AgentUsage[]>
  /** Whoever used most tokens first; of each the sums of all its turns. */
  bySession: UsageStore['bySession']
  /** What each agent used since midnight UTC, by its id. */
  today(): Promise<Map<string, PricedSums>>
  /** Sets all sums back, and tells what they were. @returns since when is counted now */
  reset(by: Principal): Promise<number>
}

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const HOURS = 24

/** @param events where a reset is told */
export function openUsages(store: UsageStore, events: Events): Usages {
  async function total(period: UsagePeriod): Promise<TotalUsage> {
    const range = wholeHours(period)
    const [models, countedSince] = await Promise.all([store.byModel(range), store.since()])
    const since = range.since === undefined ? countedSince : Math.max(range.since, countedSince ?? 0)
    return { ...models.reduce(addSums, NOTHING), since }
  }

  async function lastDay(clientId?: string): Promise<{ hours: HourUsage[]; total: PricedSums }> {
    const first = startOf(Date.now(), HOUR_MS) - (HOURS - 1) * HOUR_MS
    const known = new Map((await store.byHour({ since: first, clientId })).map((hour) => [hour.start, hour]))
    const starts = Array.from({ length: HOURS }, (_, index) => first + index * HOUR_MS)
    const hours = starts.map((start) => known.get(start) ?? { ...NOTHING, start })
    return { hours, total: hours.reduce(addSums, NOTHING) }
  }

  async function byProvider(period: UsagePeriod): Promise<ProviderUsage[]> {
    const models = await store.byModel(wholeHours(period))
    const providers = Map.groupBy(models.toSorted(largestFirst), ({ provider }) => provider)
    return [...providers]
      .map(([provider, models]) => ({ ...models.reduce(addSums, NOTHING), provider, models }))
      .toSorted(largestFirst)
  }

  let read: { day: number; revision: number; sums: Map<string, PricedSums> } | undefined

  /** Lists of agents are asked for far more often than turns end. */
  async function today(): Promise<Map<string, PricedSums>> {
    const { revision } = store
    const day = startOf(Date.now(), DAY_MS)
    if (read?.day === day && read.revision === revision) return read.sums
    const agents = await store.byAgent({ since: day })
    const sums = new Map(agents.flatMap((agent) => (agent.agentId === undefined ? [] : [[agent.agentId, agent]])))
    read = { day, revision, sums }
    return sums
  }

  async function reset({ clientId }: Principal): Promise<number> {
    const at = Date.now()
    await store.reset(at, ({ costUsd, input, output }) => [
      events.prepare('diagnostic:billing_snapshot', { costUsd, tokens: input + output, clientId }),
      events.prepare('observability:reset', { by: clientId }),
      events.prepare('audit:event', { action: 'obs.reset', outcome: 'done', clientId })
    ])
    return at
  }

  return {
    total,
    lastDay,
    byProvider,
    byAgent: async (period) => (await store.byAgent(wholeHours(period))).toSorted(largestFirst),
    bySession: store.bySession,
    today,
    reset
  }
}

const startOf = (at: number, spanMs: number) => Math.floor(at / spanMs) * spanMs

function wholeHours({ since, until, clientId }: UsagePeriod): UsagePeriod {
  if (since !== undefined && until !== undefined && until <= since) {
    throw new GatewayError('invalid_request', 'Invalid until: it has to be after since', { param: 'until' })
  }
  return {
    since: since === undefined ? undefined : startOf(since, HOUR_MS),
    until: until === undefined ? undefined : Math.ceil(until / HOUR_MS) * HOUR_MS,
    clientId
  }
}

const largestFirst = (one: PricedSums, other: PricedSums) => other.input + other.output - one.input - one.output
