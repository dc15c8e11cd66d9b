import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Embedded } from '../../../src/embeddings/port.ts'
import { embedFor } from '../../../src/embeddings/embed-for.ts'
import { openTokenDecoder } from '../../../src/embeddings/tokens/decode.ts'
import { asGatewayError, forLog } from '../../../src/errors.ts'
import { areTokens, toInputs } from './decode.ts'
import type { EmbeddingBody } from './schema.ts'

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Embeds what a request holds. The client's leaving ends it.
     * @throws GatewayError where there is no such model, the input is not valid, or the model failed
     */
    embed(body: EmbeddingBody): Promise<Embedded>
  }
}

const OF_CLIENT = new Set(['invalid_request', 'not_allowed', 'budget_exceeded', 'rate_limited'])

async function embeddings(fastify: FastifyInstance): Promise<void> {
  const { spending, catalog, embedders } = fastify.comis
  const ports = { spending, priceOf: catalog.priceOf }
  const decoder = openTokenDecoder()
  fastify.addHook('onClose', async () => decoder[Symbol.asyncDispose]())

  fastify.decorateReply('embed', async function (this: FastifyReply, body) {
    const { log } = this.request
    const embedder = embedders.find(body.model)
    const inputs = toInputs(body.input)
    const signal = this.leaving()
    const line = { client: this.request.client.clientId, model: embedder.id, inputs: inputs.length }
    const startedAt = performance.now()
    try {
      const texts = areTokens(inputs) ? await decoder.decode(inputs, signal) : inputs
      const embedded = await embedFor(
        this.request.client,
        embedder,
        { texts, dimensions: body.dimensions ?? undefined },
        ports,
        signal
      )
      log.info({ ...line, tokens: embedded.tokens, ms: Math.round(performance.now() - startedAt) }, 'embeddings')
      return embedded
    } catch (error) {
      const failure = asGatewayError(error)
      // What is the client's fault stands in the line of its request.
      if (!OF_CLIENT.has(failure.code)) log.warn({ ...line, ...forLog(failure) }, 'embeddings failed')
      throw failure
    }
  })
}

export default fp(embeddings, { name: 'comis-embeddings', dependencies: ['comis-turns'] })
