import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Turn, TurnRequest } from '../src/turns/turn.ts'
import { leaving } from './leaving.ts'

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Starts a turn for this request and waits until its model has begun. The client's leaving aborts it.
     * The answer carries its id as `x-turn-id`.
     * @throws GatewayError when the turn cannot be started, or failed before it began
     */
    startTurn(request: Omit<TurnRequest, 'id' | 'by'>): Promise<Turn>
    export default fp(turns, { name: 'comis-turns', dependencies: ['comis-auth'] })
