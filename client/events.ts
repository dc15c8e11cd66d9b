import { ClientError } from './errors.ts'
import type { Events } from './generated.ts'
import { Mailbox } from './mailbox.ts'
import type { Notification, RpcConnection } from './socket.ts'

export type EventType = keyof Events

/** Ids that cannot be had any more (`expired`), or a `since` that this gateway never gave (`unknown`): read the state anew. */
export interface Gap {
  type: 'gap'
  id?: undefined
  data: { first: number; last: number; reason: 'expired' | 'unknown' }
}

/** Something that happened. `id` grows; only `message:streaming` has none. */
export type GatewayEvent = { [T in EventType]: { type: T; id?: number; data: Events[T] } }[EventType]

export interface EventsOptions {
  /** Types as `session:created`, or categories as `session:*`; left out: all. */
  types?: readonly (EventType | `${string}:*`)[]
  agentId?: string
  sessionKey?: string
  /** The id of the last event that was seen: what came after it comes first. Left out: from now on. */
  since?: number
  /** Ends the stream. */
  signal?: AbortSignal
  /** How many events may wait for their reader. Above it the newest are asked for again later. Default 10,000. */
  buffer?: number
}

interface Told {
  subscription: string
  id?: number
  type: string
  data: unknown
}

/** How long an answer to a subscription may take. */
const ANSWER_MS = 30_000

/**
 * Reads events for as long as it is read: after a lost connection from the one that was seen last, so that none is
 * missed and none comes twice.
 * @throws ClientError `unauthorized` when the token has ended, `closed` with the client, `invalid` for unknown types
 */
export async function* readEvents(
  connection: RpcConnection,
  { signal, since, buffer = 10_000, ...filter }: EventsOptions
): AsyncGenerator<GatewayEvent | Gap> {
  let last = since
  for (;;) {
    if (signal?.aborted) return
    const subscription = new Subscription(connection, buffer, signal)
    try {
      const answer = await subscription.begin({ ...filter, since: last })
      last ??= answer.last
      for await (const { id, type, data } of subscription.read()) {
        if (id !== undefined) last = id
        yield { id, type, data } as GatewayEvent | Gap
      }
    } catch (error) {
      if (signal?.aborted) return
      if (!(error instanceof ClientError) || !isPassing(error)) throw error
    } finally {
      subscription.end()
    }
  }
}

const isPassing = ({ reason }: ClientError) => reason === 'connection' || reason === 'timeout'

class Subscription {
  readonly #connection: RpcConnection
  readonly #mailbox: Mailbox<Told>
  readonly #stops: (() => void)[] = []
  readonly #signal: AbortSignal | undefined
  #id: string | undefined
  /** What came before the answer that names the subscription. */
  #early: Told[] = []

  constructor(connection: RpcConnection, buffer: number, signal: AbortSignal | undefined) {
    this.#connection = connection
    this.#mailbox = new Mailbox(buffer)
    this.#signal = signal
  }

  async begin(params: object): Promise<{ last: number }> {
    const signal = this.#signal ?? new AbortController().signal
    const end = () => this.#mailbox.end()
    signal.addEventListener('abort', end)
    this.#stops.push(() => signal.removeEventListener('abort', end))
    await this.#connection.open()
    this.#stops.push(
      this.#connection.onNotification((notification) => this.#take(notification)),
      this.#connection.onStatus((status) => {
        if (status !== 'open') this.#mailbox.end(new ClientError('The connection was lost', { reason: 'connection' }))
      })
    )
    const answer = (await this.#connection.call('events.subscribe', params, signal)) as {
      subscription: string
      last: number
    }
    this.#id = answer.subscription
    for (const told of this.#early) this.#put(told)
    this.#early = []
    return answer
  }

  async *read(): AsyncGenerator<Told> {
    for (;;) {
      const taken = await this.#mailbox.take()
      if (!taken) return
      yield* taken
    }
  }

  end(): void {
    for (const stop of this.#stops.splice(0)) stop()
    this.#mailbox.end()
    if (this.#id === undefined || this.#connection.status !== 'open') return
    const answered = this.#connection.call(
      'events.unsubscribe',
      { subscription: this.#id },
      AbortSignal.timeout(ANSWER_MS)
    )
    // The subscription ends with the socket, if not before.
    answered.catch(() => undefined)
  }

  #take({ method, params }: Notification): void {
    if (method !== 'event') return
    const told = params as unknown as Told
    if (this.#id === undefined) this.#early.push(told)
    else this.#put(told)
  }

  #put(told: Told): void {
    if (told.subscription !== this.#id) return
    // What found no room is read from the journal, once the rest was.
    if (!this.#mailbox.put(told)) this.#mailbox.end()
  }
}
