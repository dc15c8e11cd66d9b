import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { EventPayload } from '../src/events/map.ts'
import { pathOf } from './errors/index.ts'

type Warning = EventPayload<'security:warn'>

/** One kind of refusal from one place: told at its first, and once more for all that came within the window. */
interface Repeated {
  warning: Warning
  more: number
}

const WINDOW_MS = 10_000
/** Places followed at the same time; beyond it what comes is only counted, under no address. */
const MOST_PLACES = 1000
const MOST_PATH = 200

/**
 * Tells of refused requests as `security:warn`: wrong tokens, scopes that are too narrow, rates that are too high. A
 * request without any token is no attack and is not told. Who floods the gateway does not flood its journal.
 */
async function warnings(fastify: FastifyInstance): Promise<void> {
  const { events } = fastify.comis
  const places = new Map<string, Repeated>()

  function warn(warning: Warning): void {
    const place = `${warning.reason} ${warning.clientId ?? warning.address}`
    const followed = places.has(place) || places.size < MOST_PLACES
    const key = followed ? place : warning.reason
    const known = places.get(key)
    if (known) return void known.more++
    const told = followed ? warning : { reason: warning.reason, count: 1, message: 'from many places' }
    places.set(key, { warning: told, more: 0 })
    events.emit('security:warn', told)
  }

  function tellRepeated(): void {
    for (const { warning, more } of places.values()) {
      if (more > 0) events.emit('security:warn', { ...warning, count: more })
    }
    places.clear()
  }

  const timer = setInterval(tellRepeated, WINDOW_MS).unref()
  fastify.addHook('onResponse', (request, _reply, done) => {
    if (request.refusal) warn(describe(request, request.refusal, fastify.addressOf(request)))
    done()
  })
  fastify.addHook('preClose', async () => {
    clearInterval(timer)
    tellRepeated()
  })
}

function describe(request: FastifyRequest, reason: Warning['reason'], address: string): Warning {
  const clientId = request.principal?.clientId
  const path = pathOf(request.url).slice(0, MOST_PATH)
  return { reason, count: 1, address, path, ...(clientId && { clientId }) }
}

export default fp(warnings, { name: 'comis-warnings', dependencies: ['comis-auth', 'comis-limits'] })
