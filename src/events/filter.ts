import { allows, type Principal } from '../access/principal.ts'
import { GatewayError } from '../errors.ts'
import { didYouMean } from '../schema/explain.ts'
import { EVENTS, type EventType } from './map.ts'
import type { LiveEvent } from './live-event.ts'

export interface EventFilterOptions {
  /** Who reads: events that hold what was said are for their client and for admins. */
  by: Principal
  /** Types as `session:created`, or whole categories as `session:*`, separated by commas; left out: all. */
  types?: string
  agentId?: string
  sessionKey?: string
}

/** Which events a reader gets. */
export interface EventFilter {
  /** The same for filters that let the same through. */
  readonly key: string
  admits(event: LiveEvent): boolean
}

/** @throws GatewayError `invalid_request` for a type that does not exist */
export function eventFilter({ by, types, agentId, sessionKey }: EventFilterOptions): EventFilter {
  const wanted = types === undefined ? undefined : readTypes(types)
  const reader = allows(by, 'admin') ? undefined : by.clientId
  return {
    key: JSON.stringify([reader, wanted && [...wanted], agentId, sessionKey]),
    admits: (event) =>
      (wanted === undefined || wanted.has(event.type)) &&
      (reader === undefined || event.owner === undefined || event.owner === reader) &&
      (agentId === undefined || event.agentId === agentId) &&
      (sessionKey === undefined || event.sessionKey === sessionKey)
  }
}

const ALL = Object.keys(EVENTS) as EventType[]

function readTypes(text: string): Set<string> | undefined {
  const patterns = text.split(',').map((pattern) => pattern.trim())
  if (patterns.includes('*')) return undefined
  const wanted = new Set<string>()
  for (const pattern of patterns) {
    const matching = pattern.endsWith(':*') ? ALL.filter((type) => type.startsWith(pattern.slice(0, -1))) : [pattern]
    if (matching.length === 0 || !matching.every((type) => Object.hasOwn(EVENTS, type))) throw unknown(pattern)
    for (const type of matching) wanted.add(type)
  }
  return wanted
}

function unknown(pattern: string): GatewayError {
  const categories = [...new Set(ALL.map((type) => `${type.split(':')[0]}:*`))]
  const meant = didYouMean(pattern, [...ALL, ...categories])
  const hint = meant ? `; did you mean ${meant}?` : ''
  return new GatewayError('invalid_request', `Invalid types: there is no event "${pattern}"${hint}`, {
    param: 'types'
  })
}
