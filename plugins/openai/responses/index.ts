import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import { asGatewayError, forLog, GatewayError } from '../../../src/errors.ts'
import type { Entry } from '../../../src/turns/event.ts'
import type { Turn } from '../../../src/turns/turn.ts'
import { CLOSES } from '../../websocket/close.ts'
import { failureOf, ResponseEncoder } from './encode.ts'
import { toFrames } from './frames.ts'
import { encoderOf, findResponse, type KeptResponse } from './kept.ts'
import { prepare, type Prepared } from './prepare.ts'
import { echoOf, type Resource } from './resource.ts'
import type { ResponseBody } from './schema.ts'
import { ResponseSocket } from './socket.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** Answers `POST /v1/responses`: with the response, or with the stream of its events. */
    createResponse(body: ResponseBody): Promise<Resource | void>
    /**
     * Answers with the stream of a stored response that runs, or ran, in the background.
     * @param after the `sequence_number` of the last event that was seen; what came after it is sent
     * @throws GatewayError `not_found`; `invalid_request` for one that was not in the background
     */
    resumeResponse(id: string, after: number): Promise<void>
  }
  interface FastifyInstance {
    /** Takes over a WebSocket of `/v1/responses`. */
    acceptResponses(socket: WebSocket, request: FastifyRequest): void
  }
}

/** `/v1/responses`, by the OpenResponses specification. */
async function responses(fastify: FastifyInstance): Promise<void> {
  const services = fastify.comis

  fastify.decorateReply('createResponse', async function (this: FastifyReply, body) {
    const prepared = await prepare(body, this.request.client, {
      services,
      media: fastify.mediaParts(this.request)
    })
    if (body.background) return inBackground(this, body, prepared)
    const turn = await this.startTurn({ ...prepared.turn, keep: prepared.keep })
    const { tools } = prepared
    const encoder = new ResponseEncoder({
      turnId: turn.id,
      startedAt: turn.startedAt,
      echo: echoOf(body, tools),
      tools
    })
    if (!body.stream) return readResponse(turn, encoder)
    return this.sendEvents({ source: turn, encode: (entry) => toFrames(encoder.encode(entry)) })
  })

  async function inBackground(reply: FastifyReply, body: ResponseBody, { turn: request, keep }: Prepared) {
    if (!keep) throw invalid('store', 'A response in the background has to be stored')
    reply.tellBudget()
    const turn = await services.turns.startInBackground({ ...request, keep })
    reply.header('x-turn-id', turn.id)
    const { id, startedAt } = turn
    const response = { turn: { id, startedAt, clientId: request.by.clientId, ...keep }, body }
    return body.stream ? follow(reply, response, -1) : encoderOf(response).resource
  }

  /** The reader may go and come again: the turn goes on without it. */
  async function follow(reply: FastifyReply, response: KeptResponse, after: number): Promise<void> {
    const encoder = encoderOf(response)
    const leaving = reply.leaving()
    const isNew = (event: { sequence_number: number }) => event.sequence_number > after
    await reply.sendEvents<Entry>({
      source: {
        async read(take) {
          await services.turns.followers.read(response.turn.id, 0, take, leaving).catch((error: unknown) => {
            if (!leaving.aborted) throw error
          })
        }
      },
      encode: (entry) => toFrames(encoder.encode(entry), isNew)
    })
  }

  const sockets = new Set<ResponseSocket>()
  fastify.decorate('acceptResponses', (socket, request) => {
    const { client: by, log } = request
    const { socket: raw } = request.raw
    const media = fastify.mediaParts(request)
    const onFault = (error: unknown) => log.error(forLog(asGatewayError(error)), 'a response failed')
    const connection = new ResponseSocket({ socket, raw, by, services, media, onFault })
    const release = services.tokens.follow(by, () => connection.close(CLOSES.unauthorized))
    sockets.add(connection)
    socket.once('close', () => {
      release()
      sockets.delete(connection)
    })
  })
  services.diagnostics.countSockets(() => sockets.size)
  fastify.addHook('preClose', async () => {
    for (const socket of sockets) socket.closeWhenIdle(CLOSES.shutdown)
    const closeAll = () => sockets.forEach((socket) => socket.close(CLOSES.shutdown))
    if (sockets.size > 0) setTimeout(closeAll, services.config.gateway.shutdownGraceMs).unref()
  })

  fastify.decorateReply('resumeResponse', async function (this: FastifyReply, id, after) {
    const response = await findResponse(id, this.request.client, services)
    if (!response.body.background) throw invalid('stream', 'Only a response in the background can be streamed again')
    return follow(this, response, after)
  })
}

const invalid = (param: string, message: string) => new GatewayError('invalid_request', message, { param })

async function readResponse(turn: Turn, encoder: ResponseEncoder): Promise<Resource> {
  await turn.read((entry) => void encoder.encode(entry))
  const failure = failureOf(await turn.outcome)
  if (failure) throw failure
  return encoder.resource
}

export default fp(responses, { name: 'comis-responses', dependencies: ['comis-turns', 'comis-sse'] })
