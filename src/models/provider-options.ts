import type { ProviderConfig } from '../config/schema.ts'
import { readSecret } from '../config/secret.ts'
import type { ProviderOptions } from './provider-type.ts'
import { PROVIDER_TYPES } from './provider-types.ts'

/**
 * What a provider is made with: its configuration, with the key from the environment where it has none.
 * @throws ConfigError for a secret file that cannot be read
 */
export function providerOptions(
  id: string,
  config: ProviderConfig,
  env: Record<string, string | undefined>
): ProviderOptions {
  const { keyVariable } = PROVIDER_TYPES[config.type]
  const apiKey = config.apiKey ? readSecret(config.apiKey, `providers.${id}.apiKey`) : keyVariable && env[keyVariable]
  return { id, apiKey, baseURL: config.baseURL?.replace(/\/+$/, ''), timeoutMs: config.timeoutMs }
}
