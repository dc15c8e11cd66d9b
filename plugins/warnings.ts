import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Refused } from '../src/access/refusals.ts'
import { pathOf } from './errors/index.ts'

const MOST_PATH = 200

/** Tells of refused requests. One without any token is no attack and is not told. */
async function warnings(fastify: FastifyInstance): Promise<void> {
  const { refusals } = fastify.comis
  fastify.addHook('onResponse', (request, _reply, done) => {
    if (request.refusal) refusals.tell(describe(request, request.refusal, fastify.addressOf(request)))
    done()
  })
}

function describe(request: FastifyRequest, reason: Refused['reason'], address: string): Refused {
  const clientId = request.principal?.clientId
  const path = pathOf(request.url).slice(0, MOST_PATH)
  return { reason, address, path, ...(clientId && { clientId }) }
}

export default fp(warnings, { name: 'comis-warnings', dependencies: ['comis-auth', 'comis-limits'] })
