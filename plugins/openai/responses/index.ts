import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { findTarget } from '../../../src/agents/target.ts'
import type { Turn } from '../../../src/turns/turn.ts'
import { toTurn } from './decode.ts'
import { failureOf, ResponseEncoder } from './encode.ts'
import { toFrames } from './frames.ts'
import { echoOf, type Resource } from './resource.ts'
import type { ResponseBody } from './schema.ts'
import { toTools } from './tools.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** Answers `POST /v1/responses`: with the response, or with the stream of its events. */
    createResponse(body: ResponseBody): Promise<Resource | void>
  }
}

async function responses(fastify: FastifyInstance): Promise<void> {
  fastify.decorateReply('createResponse', async function (this: FastifyReply, body) {
    const { agents, catalog } = fastify.comis
    const tools = toTools(body.tools)
    const target = await findTarget(body.model, agents, catalog)
    const turn = await this.startTurn(toTurn(body, { target, tools, earlier: [] }))
    const encoder = new ResponseEncoder({
      turnId: turn.id,
      startedAt: turn.startedAt,
      echo: echoOf(body, tools),
      tools
    })
    if (!body.stream) return readResponse(turn, encoder)
    return this.sendEvents({ source: turn, encode: (entry) => toFrames(encoder.encode(entry)) })
  })
}

async function readResponse(turn: Turn, encoder: ResponseEncoder): Promise<Resource> {
  await turn.read((entry) => void encoder.encode(entry))
  const failure = failureOf(await turn.outcome)
  if (failure) throw failure
  return encoder.resource
}

export default fp(responses, { name: 'comis-responses', dependencies: ['comis-turns', 'comis-sse'] })
