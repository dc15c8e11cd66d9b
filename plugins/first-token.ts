import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * With no token at all, the first start makes one. It is written to standard output and nowhere else, once, when the
 * gateway listens: a start that fails before leaves none behind that nobody has seen.
 */
async function firstToken(fastify: FastifyInstance): Promise<void> {
  const { tokens, config } = fastify.comis
  if (!tokens.empty) return
  fastify.addHook('onListen', async () => {
    const secret = await tokens.createFirst()
    const address = `${fastify.listeningOrigin}${fastify.prefix}`
    const dashboard = config.gateway.web.enabled ? `\n  Dashboard  ${address}/app/#token=${secret}` : ''
    process.stdout.write(
      `A first token was made. It is shown this once, only its digest is kept.\n  Token      ${secret}${dashboard}\n`
    )
  })
}

export default fp(firstToken, { name: 'comis-first-token', dependencies: ['comis-services'] })
