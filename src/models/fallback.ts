import { GatewayError } from '../errors.ts'
import type { Events } from '../events/events.ts'
import type { ModelRef } from './catalog.ts'
import type { ModelEvent, ModelRequest } from './port.ts'
import { isProvidersFault, type ProviderHealth } from './health.ts'
import { retrying } from './retry.ts'

/** Where a call happens, as its events tell it. */
export interface CallPlace {
  turnId: string
  clientId: string
  agentId?: string
  sessionKey?: string
}

/** Calls a model, and nothing else: what stands around every call can be put around this. */
export type AskModel = (by: ModelRef, request: ModelRequest, signal: AbortSignal) => AsyncIterable<ModelEvent[]>

export const askModel: AskModel = (by, request, signal) => by.provider.stream(request, signal)

export interface CallPorts {
  health: ProviderHealth
  events: Events
  ask: AskModel
}

export interface CallOptions<T> {
  /** The model, and then those that may answer in its place. */
  models: readonly ModelRef[]
  /** Calls one of them. From when `answered` is called, at its first event, a failure is final. */
  call(model: ModelRef, answered: () => void): Promise<T>
  /** Asks the first one alone, once, whatever its last calls came to. */
  trial: boolean
  place: CallPlace
  /** Ends everything at once. */
  signal: AbortSignal
}

/**
 * Calls a model; where it fails before its first event, and not by the request's fault, the next one. The last one that
 * is left is called again where that may help. What a model says once it has begun to answer is never repeated by another.
 * @throws GatewayError the most telling failure; the signal's reason
 */
export async function callOneOf<T>(options: CallOptions<T>, ports: CallPorts): Promise<T> {
  const [own] = options.models as [ModelRef]
  if (options.trial) return new Attempt(own, options, ports).run(0)
  const usable = usableOf(options.models)
  const [first] = usable as [ModelRef]
  if (first !== own) tellNext(own, first, own.gate.standing(own.model), options, ports)
  const failures: GatewayError[] = []
  for (const [index, model] of usable.entries()) {
    const next = usable[index + 1]
    const attempt = new Attempt(model, options, ports)
    try {
      return await attempt.run(next ? 0 : model.gate.config.maxRetries)
    } catch (error) {
      if (options.signal.aborted || attempt.answered || !isForAnother(error, model === own)) throw error
      failures.push(error)
      if (next) tellNext(model, next, error.code, options, ports)
    }
  }
  const error = mostTelling(failures)
  if (options.models.length > 1) {
    ports.events.emit('model:fallback_exhausted', { ...options.place, model: nameOf(own), reason: error.code })
  }
  throw error
}

/** A call of one model, which may be made several times. */
class Attempt<T> {
  readonly #model: ModelRef
  readonly #options: CallOptions<T>
  readonly #ports: CallPorts
  /** It has begun to answer. */
  answered = false

  constructor(model: ModelRef, options: CallOptions<T>, ports: CallPorts) {
    this.#model = model
    this.#options = options
    this.#ports = ports
  }

  run(maxRetries: number): Promise<T> {
    const { gate, model } = this.#model
    const may = () => !this.answered && gate.standing(model) !== 'circuit_open'
    return retrying(() => this.#once(), { maxRetries, signal: this.#options.signal, may })
  }

  async #once(): Promise<T> {
    const { gate, model } = this.#model
    const { call, signal, trial } = this.#options
    const pass = gate.admit(trial)
    try {
      const result = await call(this.#model, () => {
        this.answered = true
        gate.answered(pass)
      })
      gate.worked(pass, model)
      this.#ports.health.worked(gate.id, 'chat')
      return result
    } catch (error) {
      if (signal.aborted) gate.dropped(pass)
      else this.#failed(pass, error)
      throw error
    }
  }

  #failed(pass: number, error: unknown): void {
    const { gate, model } = this.#model
    const { health, events } = this.#ports
    health.failed(gate.id, 'chat', error)
    const untilMs = gate.failed(pass, model, error)
    if (untilMs !== undefined) events.emit('model:auth_cooldown', { provider: gate.id, untilMs })
  }
}

/** Those that are to be called now; where there are none, those that may be; where there are none either, all: each tells why not. */
function usableOf(models: readonly ModelRef[]): readonly ModelRef[] {
  if (models.length === 1) return models
  const standings = models.map(({ gate, model }) => gate.standing(model))
  const ready = models.filter((_model, index) => standings[index] === 'ready')
  if (ready.length > 0) return ready
  const allowed = models.filter((_model, index) => standings[index] !== 'circuit_open')
  return allowed.length > 0 ? allowed : models
}

/**
 * Whether another model may do what one failed to. Of a request that is at fault the model that was asked for has the
 * say; that another, which the client did not ask for, refuses it says nothing.
 */
function isForAnother(error: unknown, isOwn: boolean): error is GatewayError {
  if (isProvidersFault(error)) return true
  return (
    !isOwn && error instanceof GatewayError && (error.code === 'invalid_request' || error.code === 'model_not_found')
  )
}

/** The one that says soonest when to come again, or else the last that is a provider's fault. */
function mostTelling(failures: GatewayError[]): GatewayError {
  const faults = failures.filter(isProvidersFault)
  const [soonest] = faults
    .filter(({ retryAfterSeconds }) => retryAfterSeconds !== undefined)
    .toSorted((one, other) => (one.retryAfterSeconds ?? 0) - (other.retryAfterSeconds ?? 0))
  return soonest ?? faults.at(-1) ?? (failures.at(-1) as GatewayError)
}

const nameOf = ({ providerId, model }: ModelRef) => `${providerId}/${model}`

function tellNext(
  from: ModelRef,
  to: ModelRef,
  reason: string,
  { place }: Pick<CallOptions<unknown>, 'place'>,
  { events }: CallPorts
): void {
  events.emit('model:fallback_attempt', { ...place, from: nameOf(from), to: nameOf(to), reason })
}
