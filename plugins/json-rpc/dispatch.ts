import type { Refused } from '../../src/access/refusals.ts'
import { asGatewayError, GatewayError } from '../../src/errors.ts'
import { parseJson, RefusedJson } from '../../src/parse-json.ts'
import { Call, type RpcClient } from './call.ts'
import { CODES, invalidRequest, methodNotFound, parseError, RpcError, toRpcError } from './errors.ts'
import { encodeError, encodeResult, readRequest, type RpcId, type RpcRequest } from './message.ts'
import type { Registry } from './registry.ts'
import { type CallReport, isTraced, time, trace } from './trace.ts'

/** What goes back: JSON text, or nothing to notifications. At once, where nothing has to be waited for. */
export type Answer = string | undefined | Promise<string | undefined>

export interface DispatchOptions {
  registry: Registry
  maxBatchSize(): number
  /** A caller may not call that method. */
  onRefused(refused: Refused): void
  /** A call failed by a fault of the gateway. */
  onFault(error: unknown, method: string): void
  /** Whether it is to be told of each call. */
  readonly reports: boolean
  onCall(report: CallReport): void
}

/** Most bytes of one batch's answers. */
const MOST_ANSWERED = 16_777_216

/** Answers messages, whichever way they come. Nothing that a client sends makes it throw or reject. */
export class Dispatcher {
  readonly #options: DispatchOptions

  constructor(options: DispatchOptions) {
    this.#options = options
  }

  answer(text: string, client: RpcClient): Answer {
    let message: unknown
    try {
      message = parseJson(text)
    } catch (error) {
      return encodeError(null, error instanceof RefusedJson ? invalidRequest(error.message) : parseError())
    }
    return Array.isArray(message) ? this.#answerBatch(message, client) : this.#answerOne(message, client)
  }

  #answerBatch(batch: unknown[], client: RpcClient): Answer {
    const maxBatchSize = this.#options.maxBatchSize()
    if (batch.length === 0) return encodeError(null, invalidRequest())
    if (batch.length <= maxBatchSize) return this.#answerInOrder(batch, client)
    const refusal = `Batch size ${batch.length} exceeds maximum of ${maxBatchSize}`
    return encodeError(null, invalidRequest(refusal))
  }

  /** One after the other, so that a call may build on those before it. */
  async #answerInOrder(batch: unknown[], client: RpcClient): Promise<string | undefined> {
    const answers: string[] = []
    let size = 0
    for (const message of batch) {
      if (client.gone) return undefined // what it asked for before is under way; nothing else is begun for it
      const answer = size > MOST_ANSWERED ? tooMuch(message) : await this.#answerOne(message, client)
      if (answer === undefined) continue
      answers.push(answer)
      size += answer.length
    }
    return answers.length > 0 ? `[${answers.join(',')}]` : undefined
  }

  #answerOne(message: unknown, client: RpcClient): Answer {
    const request = readRequest(message)
    if ('error' in request) return encodeError(request.id, request.error)
    // Under an id that a running call has, its client would take the one's answer for the other's.
    if (client.isRunning(request.id)) return encodeError(null, invalidRequest(DUPLICATE))
    return this.#run(request, client)
  }

  #run(request: RpcRequest, client: RpcClient): Answer {
    const { id, method } = request
    const fail = (error: unknown) => this.#answerFailure(error, id, method, client)
    try {
      const call = new Call(id, client)
      const watched = isTraced() || this.#options.reports
      const outcome = watched ? this.#beginWatched(request, call, client) : this.#begin(request, call, client)
      if (typeof outcome === 'string') return id === undefined ? undefined : encodeResult(id, outcome)
      const answered = outcome.then((result) => (id === undefined ? undefined : encodeResult(id, result)), fail)
      client.follow(call, answered)
      return answered
    } catch (error) {
      return fail(error)
    }
  }

  /** @returns the result as JSON text */
  #begin({ method: name, params }: RpcRequest, call: Call, client: RpcClient): string | Promise<string> {
    const method = this.#options.registry.find(name)
    if (!method) throw methodNotFound()
    // A batch goes on for a while, and what it does may end the credential it came by.
    if (!client.services.tokens.isValid(client.by)) throw new GatewayError('unauthorized', 'Unauthorized')
    if (client.full && !method.declared.always) throw new GatewayError('busy', TOO_MANY)
    return method.run(params, call)
  }

  #beginWatched(request: RpcRequest, call: Call, client: RpcClient): string | Promise<string> {
    // What is no method is any text of the client's.
    const watched = { method: request.method.slice(0, MOST_NAME), clientId: client.by.clientId, id: request.id }
    const begin = () => this.#begin(request, call, client)
    const run = isTraced() ? () => trace(watched, begin) : begin
    return this.#options.reports ? time(watched, run, this.#options.onCall) : run()
  }

  #answerFailure(
    error: unknown,
    id: RpcId | undefined,
    method: string,
    { by, address }: RpcClient
  ): string | undefined {
    const told = toRpcError(error)
    if (isScope(told))
      this.#options.onRefused({
        reason: 'insufficient_scope',
        clientId: by.clientId,
        path: method.slice(0, MOST_NAME),
        address
      })
    if (told !== error && told.code === CODES.internal && asGatewayError(error).code === 'internal') {
      this.#options.onFault(error, method)
    }
    if (id === undefined) return undefined
    try {
      return encodeError(id, told)
    } catch (fault) {
      this.#options.onFault(fault, method)
      return encodeError(id, toRpcError(fault))
    }
  }
}

const MOST_NAME = 100
const isScope = ({ data }: RpcError) => (data as { code?: unknown } | undefined)?.code === 'forbidden'
const TOO_MANY = 'Too many calls run on this connection'
const DUPLICATE = 'Invalid Request: a call with this id is still running'

function tooMuch(message: unknown): string | undefined {
  const { id } = readRequest(message)
  if (id === undefined) return undefined
  return encodeError(
    id,
    new RpcError(CODES.server, `The answers of this batch exceed ${MOST_ANSWERED} bytes`, { code: 'busy' })
  )
}
