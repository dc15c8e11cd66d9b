import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Tokens } from '../src/access/tokens.ts'
import { GatewayError } from '../src/errors.ts'
import type { Turn, TurnRequest } from '../src/turns/turn.ts'

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Starts a turn for this request and waits until its model has begun. The client's leaving aborts it.
     * The answer carries its id as `x-turn-id`.
     * @throws GatewayError when the turn cannot be started, or failed before it began
     */
    startTurn(request: Omit<TurnRequest, 'id' | 'by'>): Promise<Turn>
    /**
     * Starts a turn several times, side by side. One that fails before it began ends the others.
     * @throws GatewayError as `startTurn` does
     */
    startTurns(request: Omit<TurnRequest, 'id' | 'by'>, count: number): Promise<Turn[]>
    /**
     * A signal that fires when the client goes away before it has its answer. A client whose credential ends is made to
     * go: its connection is cut off.
     */
    leaving(): AbortSignal
  }
}

async function turns(fastify: FastifyInstance): Promise<void> {
  const { turns } = fastify.comis

  fastify.decorateReply('startTurn', async function (this: FastifyReply, request) {
    const turn = turns.start({ ...request, by: this.request.client }, this.leaving())
    this.header('x-turn-id', turn.id)
    return begun(turn)
  })
  fastify.decorateReply('startTurns', async function (this: FastifyReply, request, count) {
    const [by, leaving] = [this.request.client, this.leaving()]
    const started = Array.from({ length: count }, () => turns.start({ ...request, by }, leaving))
    this.header('x-turn-id', started.map(({ id }) => id).join(', '))
    try {
      return await Promise.all(started.map(goesOn))
    } catch (error) {
      for (const turn of started) turn.abort('cancelled')
      throw error
    }
  })
  fastify.decorateReply('leaving', function (this: FastifyReply) {
    return leaving(this, fastify.comis.tokens)
  })
}

async function begun(turn: Turn): Promise<Turn> {
  const ended = await turn.opened
  if (ended?.error) throw ended.error
  return turn
}

/** One of several: that it was aborted is the end of all, which wait for each other. */
async function goesOn(turn: Turn): Promise<Turn> {
  const ended = await turn.opened
  if (ended?.finishReason === 'aborted') throw new GatewayError('aborted', 'The turn was aborted')
  return begun(turn)
}

function leaving({ raw, request }: FastifyReply, tokens: Tokens): AbortSignal {
  const controller = new AbortController()
  const leave = () => controller.abort(new GatewayError('aborted', 'The client has left'))
  const cutOff = () => {
    if (!raw.writableEnded) raw.destroy()
  }
  const release = request.principal && tokens.follow(request.principal, cutOff)
  raw.once('close', () => {
    release?.()
    if (!raw.writableFinished) leave()
  })
  if (raw.destroyed) leave()
  return controller.signal
}

export default fp(turns, { name: 'comis-turns', dependencies: ['comis-auth'] })
