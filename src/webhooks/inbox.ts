import { randomUUID } from 'node:crypto'
import type { Refusals } from '../access/refusals.ts'
import { GatewayError } from '../errors.ts'
import type { Events } from '../events/events.ts'
import type { DeliveryState, DeliveryStore, NewDelivery } from '../storage/port.ts'
import { GENERIC } from './check.ts'
import { clientOfMapping } from './client.ts'
import { readEvent } from './event.ts'
import { type Mapping, type Mappings, scopeOf } from './mapping.ts'
import { type Payload, readPayload, textOf } from './payload.ts'
import { REFUSALS } from './refusals.ts'
import { verify } from './signatures/open.ts'
import type { RefusalReason, SignedRequest, Verifier } from './signatures/scheme.ts'

/** A delivery as it came in. */
export interface Incoming {
  /** The part of the address that mappings are found by. */
  path: string
  /** The bytes, as they were signed. */
  body: Buffer
  /** By lower-case name. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** Names and values in turn, as they were sent. */
  rawHeaders: readonly string[]
  query: Readonly<Record<string, unknown>>
}

/** What a sender is told: which mapping took it, or the answer to its question whether someone is there. */
export type Acceptance = { mapping: string } | { challenge: string }

export interface Inbox {
  /**
   * Verifies a delivery over its raw bytes, and keeps it. Resolves once it is on disk; what it asks for is done later. One
   * that was kept before changes nothing.
   * @throws GatewayError `not_found` where no mapping fits; `unauthorized`, `invalid_request`; `busy` while too many wait
   */
  accept(incoming: Incoming): Promise<Acceptance>
  /**
   * The same for an event that is only told, as `message:received`.
   * @throws InvalidEvent, and GatewayError as `accept` does
   */
  acceptEvent(incoming: Incoming): Promise<void>
}

export interface InboxOptions {
  store: DeliveryStore
  events: Events
  refusals: Pick<Refusals, 'tell'>
  mappings(): Mappings
  /** Something is there to be worked on. */
  onAccepted(): void
}

/** Deliveries that are kept and not done; beyond it none is taken. */
const MOST_OPEN = 100_000
const OPEN: ReadonlySet<DeliveryState> = new Set(['waiting', 'running', 'held', 'handed'])
/** They are counted again after so many. */
const ROOM_AT_ONCE = 256
const MOST_ID = 256
/** Of a header or parameter that is kept. */
const MOST_VALUE = 2000
const MOST_EXCERPT = 1000

export function openInbox({ store, events, refusals, mappings, onAccepted }: InboxOptions): Inbox {
  let room = 0

  async function takeRoom(): Promise<void> {
    if (room <= 0) room = Math.min(ROOM_AT_ONCE, MOST_OPEN - openOf(await store.counts()))
    if (room <= 0) throw new GatewayError('busy', 'Too many deliveries wait', { retryAfterSeconds: 30 })
    room--
  }

  /** The first mapping whose secret signed it and whose source it names. */
  function choose(path: string, request: SignedRequest): { mapping: Mapping; payload: Payload } {
    const candidates = mappings().at(path)
    let payload: Payload | undefined
    let refused: { id: string; reason: RefusalReason } | undefined
    const reasons = new Map<Verifier, RefusalReason | undefined>()
    for (const mapping of candidates) {
      const { verifier } = mapping
      if (!reasons.has(verifier)) reasons.set(verifier, verify(verifier, request))
      const reason = reasons.get(verifier)
      if (reason) refused ??= { id: mapping.id, reason }
      if (reason) continue
      payload ??= readPayload(request.body)
      const { source } = mapping.config.match
      if (source === undefined || textOf(payload.value, 'source') === source) return { mapping, payload }
    }
    if (refused && !payload) throw refuse(refused.id, refused.reason)
    throw new GatewayError('not_found', 'No matching webhook mapping')
  }

  function refuse(mappingId: string, reason: RefusalReason): GatewayError {
    const message = REFUSALS[reason]
    refusals.tell({ reason: 'invalid_signature', message, clientId: clientOfMapping(mappingId) })
    return new GatewayError('unauthorized', message, { reason })
  }

  return {
    async accept(incoming) {
      const request = toSigned(incoming)
      const { mapping, payload } = choose(incoming.path, request)
      const { id, clientId, verifier, config } = mapping
      const challenge = verifier.challenge?.(payload.value)
      if (challenge !== undefined) return { challenge }
      await takeRoom()
      const delivery = {
        ...nameDelivery(id, verifier.deliveryId(request, payload.value)),
        path: incoming.path,
        payload: payload.text,
        headers: pick(mapping.headers, incoming.headers),
        query: pick(mapping.query, incoming.query)
      }
      const lane = mapping.laneOf(scopeOf(delivery, payload.value, config))
      const told = { deliveryId: delivery.id, mapping: id, clientId, agentId: config.agentId }
      const received = events.prepare('webhook:received', {
        ...told,
        senderId: delivery.senderId,
        bytes: incoming.body.length
      })
      if (await store.accept({ ...delivery, lane }, 'waiting', [received])) onAccepted()
      return { mapping: id }
    },
    async acceptEvent(incoming) {
      const { generic: verifier } = mappings()
      if (!verifier) throw new GatewayError('not_found', 'No matching webhook mapping')
      const request = toSigned(incoming)
      const reason = verify(verifier, request)
      if (reason) throw refuse(GENERIC, reason)
      const payload = readPayload(request.body)
      const { event, source, data } = readEvent(payload.value)
      const delivery = {
        ...nameDelivery(GENERIC, verifier.deliveryId(request, payload.value)),
        path: GENERIC,
        payload: payload.text,
        headers: {},
        query: {}
      }
      const received = events.prepare('message:received', {
        deliveryId: delivery.id,
        clientId: clientOfMapping(GENERIC),
        source,
        event,
        ...excerpt(typeof data === 'string' ? data : JSON.stringify(data))
      })
      await store.accept(delivery, 'done', [received])
    }
  }
}

function openOf(counts: Awaited<ReturnType<DeliveryStore['counts']>>): number {
  const open = counts.filter(({ state }) => OPEN.has(state))
  return open.reduce((sum, { count }) => sum + count, 0)
}

function toSigned({ body, headers, rawHeaders }: Incoming): SignedRequest {
  return {
    body,
    header(name) {
      const value = Object.hasOwn(headers, name) ? headers[name] : undefined
      return typeof value === 'string' && value.trim() !== '' ? value : undefined
    },
    count: (name) => rawHeaders.filter((raw, index) => index % 2 === 0 && raw.toLowerCase() === name).length,
    now: Math.floor(Date.now() / 1000)
  }
}

/** A delivery with its names. */
type Named = Pick<NewDelivery, 'id' | 'turnId' | 'mappingId' | 'senderId' | 'receivedAt'>

/** Its turn is named after it. One that its sender gave no name is one of its own each time it comes. */
function nameDelivery(mappingId: string, given: string | undefined): Named {
  if (given !== undefined && given.length > MOST_ID) {
    throw new GatewayError('invalid_request', `The delivery’s id is longer than ${MOST_ID} characters`)
  }
  const unique = newUnique()
  const senderId = given?.toWellFormed() ?? `unnamed-${unique}`
  return { id: `dlv_${unique}`, turnId: `turn_${unique}`, mappingId, senderId, receivedAt: Date.now() }
}

/** A part of an id that no other has. It grows with time, so that what is stored next stands next in the indexes. */
export const newUnique = (): string => `${Date.now().toString(36)}${randomUUID().replaceAll('-', '').slice(0, 18)}`

function pick(names: readonly string[], values: Readonly<Record<string, unknown>>): Record<string, string> {
  const found = names.flatMap((name) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    return typeof value === 'string' ? [[name, value.slice(0, MOST_VALUE).toWellFormed()] as const] : []
  })
  return Object.fromEntries(found)
}

const excerpt = (text: string) => ({
  text: text.slice(0, MOST_EXCERPT).toWellFormed(),
  length: text.length,
  ...(text.length > MOST_EXCERPT && { truncated: true })
})
