import { notAllowed, refuseModel } from '../access/limits.ts'
import type { Principal } from '../access/principal.ts'
import type { ModelConfig } from '../config/schema.ts'
import { tokensOf } from '../limits/estimate.ts'
import { amountOf, priceOf } from '../limits/price.ts'
import type { Spending } from '../limits/spending.ts'
import type { Embedded, Embedder, EmbeddingRequest } from './port.ts'

export interface EmbedPorts {
  spending: Spending
  priceOf(provider: string, model: string): ModelConfig['price']
}

/**
 * Embeds texts for a client, of whose budget and tokens a minute they are counted; given up, by their size.
 * @throws GatewayError `not_allowed`, `budget_exceeded`, `rate_limited`; as `Embedder.embed` does
 */
export async function embedFor(
  by: Principal,
  embedder: Embedder,
  request: EmbeddingRequest,
  { spending, ...prices }: EmbedPorts,
  signal: AbortSignal
): Promise<Embedded> {
  refuseModel(by, embedder.id)
  const { providerId, model } = embedder
  const price = priceOf({ providerId, config: { price: prices.priceOf(providerId, model) } })
  if (by.limits?.budget?.usd !== undefined && !price) throw notAllowed(`the model "${embedder.id}" has no price`)
  const costOf = (input: number) => amountOf({ input, output: 0 }, price)
  const meter = spending.meter(by, () => costOf(estimateOf(request)))
  const use = (input: number) => meter.uses({ input, output: 0 }, costOf(input).usd)
  try {
    const embedded = await embedder.embed(request, signal)
    use(embedded.tokens)
    return embedded
  } catch (error) {
    if (signal.aborted) use(estimateOf(request))
    throw error
  } finally {
    await spending.record(meter, by)
  }
}

const estimateOf = ({ texts }: EmbeddingRequest) =>
  tokensOf(texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), 0))
