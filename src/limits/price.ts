import type { ModelConfig } from '../config/schema.ts'
import type { Usage } from '../turns/event.ts'
import type { Amount } from './pool.ts'

/** USD per million tokens. */
export type Price = NonNullable<ModelConfig['price']>

const FREE: Price = { input: 0, output: 0 }
/** They run in this process. */
const OWN_PROVIDERS = new Set(['builtin', 'offline'])

/** What a model costs; undefined where the configuration does not tell. */
export function priceOf({
  providerId,
  config
}: {
  providerId: string
  config: Pick<ModelConfig, 'price'> | undefined
}): Price | undefined {
  return config?.price ?? (OWN_PROVIDERS.has(providerId) ? FREE : undefined)
}

/** What tokens come to. */
export const amountOf = ({ input, output }: Pick<Usage, 'input' | 'output'>, price: Price | undefined): Amount => ({
  tokens: input + output,
  usd: price ? (input * price.input + output * price.output) / 1_000_000 : 0
})
