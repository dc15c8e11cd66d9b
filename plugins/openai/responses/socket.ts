import type { Socket } from 'node:net'
import { Compile } from 'typebox/compile'
import type { WebSocket } from 'ws'
import type { Principal } from '../../../src/access/principal.ts'
import { asGatewayError, GatewayError } from '../../../src/errors.ts'
import type { Message } from '../../../src/models/message.ts'
import { parseJson, RefusedJson } from '../../../src/parse-json.ts'
import { pinpoint } from '../../../src/schema/pinpoint.ts'
import type { Services } from '../../../src/services.ts'
import type { Entry } from '../../../src/turns/event.ts'
import { Transcript } from '../../../src/turns/transcript.ts'
import type { Turn } from '../../../src/turns/turn.ts'
import { toFailure } from '../../errors/failure.ts'
import { type Close, CLOSES, closeSocket } from '../../websocket/close.ts'
import { Outlet } from '../../websocket/outlet.ts'
import { MessageLimit } from '../../websocket/window.ts'
import { openAiForm } from '../errors.ts'
import type { MediaParts } from '../media-parts.ts'
import { failureOf, ResponseEncoder, responseId, type StreamEvent } from './encode.ts'
import { prepare, type Prepared } from './prepare.ts'
import { echoOf } from './resource.ts'
import { ResponseBody } from './schema.ts'

export interface ResponseSocketOptions {
  socket: WebSocket
  /** The connection below it. */
  raw: Socket
  by: Principal
  services: Services
  media: MediaParts
  /** A fault of the gateway's. */
  onFault(error: unknown): void
}

/** Requests that may wait for the one that runs. */
const MOST_WAITING = 32

let validator: ReturnType<typeof Compile> | undefined

/**
 * The WebSocket mode of `/v1/responses`: `response.create` messages, one after the other, each answered by the events of
 * its response. The last one of `store: false` can be gone on from here, and nowhere else.
 */
export class ResponseSocket {
  readonly #options: ResponseSocketOptions
  readonly #outlet: Outlet
  readonly #limit: MessageLimit
  readonly #leaving = new AbortController()
  readonly #waiting: string[] = []
  #running = false
  #closeWhenIdle: Close | undefined
  /** The conversation of the last response, if it is not stored. */
  #remembered = new Map<string, Message[]>()

  constructor(options: ResponseSocketOptions) {
    const { socket, raw, services } = options
    const { stallMs } = services.config.gateway
    this.#options = options
    this.#outlet = new Outlet({ socket, raw, stallMs, onStall: () => this.close(CLOSES.slow) })
    this.#limit = new MessageLimit(() => services.config.gateway.wsMessageRateLimit)
    socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary))
    socket.once('close', () => this.#leave())
  }

  close(close: Close): void {
    this.#leave()
    closeSocket(this.#options.socket, close)
  }

  /** Closes once what runs and waits is answered. */
  closeWhenIdle(close: Close): void {
    this.#closeWhenIdle = close
    if (!this.#running) this.close(close)
  }

  #leave(): void {
    if (this.#leaving.signal.aborted) return
    this.#leaving.abort(new GatewayError('aborted', 'The client has left'))
    this.#waiting.length = 0
    this.#outlet.release()
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#leaving.signal.aborted) return
    if (!this.#limit.admits()) return this.#tellFailure(limited())
    if (isBinary) return this.#tellFailure(invalid('Expected a text message'))
    if (this.#waiting.length >= MOST_WAITING) return this.#tellFailure(new GatewayError('busy', TOO_MANY))
    this.#waiting.push(data.toString())
    if (!this.#running) void this.#work()
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    this.#running = true
    for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) {
      try {
        await this.#answer(readCreate(text))
      } catch (error) {
        this.#tellFailure(error)
      }
    }
    this.#running = false
    if (this.#closeWhenIdle) this.close(this.#closeWhenIdle)
  }

  async #answer(body: ResponseBody): Promise<void> {
    const { by, services, media } = this.#options
    const remembered = this.#remembered
    this.#remembered = new Map() // after a failure there is nothing to go on from
    const prepared = await prepare(body, by, { services, media }, remembered)
    const turn = services.turns.start({ ...prepared.turn, keep: prepared.keep }, this.#leaving.signal)
    const ended = await turn.opened
    if (ended?.error) throw ended.error
    await this.#stream(turn, body, prepared)
  }

  async #stream(turn: Turn, body: ResponseBody, { tools, keep, conversation }: Prepared): Promise<void> {
    const { id: turnId, startedAt } = turn
    const encoder = new ResponseEncoder({ turnId, startedAt, echo: echoOf(body, tools), tools })
    const transcript = new Transcript()
    await turn.read((entry) => {
      if (entry.event.type !== 'finished') transcript.append(entry.event)
      let room: Promise<void> | undefined
      for (const event of encoder.encode(entry)) {
        const told = event.type === 'error' ? { ...errorOf(failureIn(entry)), ...numberOf(event) } : event
        room = this.#outlet.send(JSON.stringify(told))
      }
      return room
    })
    if (failureOf(await turn.outcome)) return
    if (!keep) this.#remembered.set(responseId(turnId), [...conversation, ...transcript.all])
  }

  #tellFailure(thrown: unknown): void {
    const error = asGatewayError(thrown)
    if (error.code === 'internal' && error !== thrown) this.#options.onFault(thrown)
    void this.#outlet.send(JSON.stringify(errorOf(error)))
  }
}

/** The specification has a form of its own for errors on a socket. */
function errorOf(thrown: GatewayError): object {
  const failure = toFailure(thrown, 0)
  const { error } = openAiForm(failure)
  return { type: 'error', status: failure.status, error: { ...error, code: error.code ?? error.type } }
}

const numberOf = ({ sequence_number }: StreamEvent) => ({ sequence_number })

function failureIn({ event }: Entry): GatewayError {
  return asGatewayError(event.type === 'finished' ? failureOf(event.outcome) : undefined)
}

const TOO_MANY = 'Too many requests wait on this connection'
const invalid = (message: string, param?: string) => new GatewayError('invalid_request', message, { param })
const limited = () => new GatewayError('rate_limited', 'Message rate limit exceeded')

/** @throws GatewayError `invalid_request` that names what is at fault */
function readCreate(text: string): ResponseBody {
  const message = parse(text)
  const { type, ...body } = message
  if (type !== 'response.create') throw invalid('Invalid field: type: expected "response.create"', 'type')
  for (const key of ['stream', 'background']) {
    if (key in body) throw invalid(`Invalid field: ${key}: it has no place on a WebSocket`, key)
  }
  validator ??= Compile(ResponseBody)
  if (validator.Check(body)) return body as ResponseBody
  const [first] = pinpoint(ResponseBody, body)
  throw invalid(`Invalid field: ${first?.path ?? ''}: ${first?.message ?? 'not valid'}`, first?.path)
}

function parse(text: string): Record<string, unknown> {
  try {
    const message: unknown = parseJson(text)
    if (typeof message === 'object' && message !== null && !Array.isArray(message)) {
      return message as Record<string, unknown>
    }
  } catch (error) {
    if (error instanceof RefusedJson) throw invalid(error.message)
  }
  throw invalid('Invalid JSON: expected an object')
}
