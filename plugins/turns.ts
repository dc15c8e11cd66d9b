import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Turn, TurnRequest } from '../src/turns/turn.ts'

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Starts a turn for this request and waits until its model has begun. The client's leaving aborts it.
     * The answer carries its id as `x-turn-id`.
     * @throws GatewayError when the turn cannot be started, or failed before it began
     */
    startTurn(request: Omit<TurnRequest, 'id' | 'by'>): Promise<Turn>
  }
}

async function turns(fastify: FastifyInstance): Promise<void> {
  fastify.decorateReply('startTurn', async function (this: FastifyReply, request) {
    const turn = fastify.comis.turns.start({ ...request, by: this.request.client }, leaving(this))
    this.header('x-turn-id', turn.id)
    const ended = await turn.opened
    if (ended?.error) throw ended.error
    return turn
  })
}

/** A signal that fires when the client goes away before it has its answer. */
function leaving({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort()
  })
  if (raw.destroyed) controller.abort()
  return controller.signal
}

export default fp(turns, { name: 'comis-turns', dependencies: ['comis-auth'] })
