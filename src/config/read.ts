import { GatewayError } from '../errors.ts'
import { redact } from './redact.ts'
import type { Config } from './schema.ts'

/**
 * A part of the configuration, without its secrets.
 * @param keys where it stands, as `['gateway', 'port']`; none: the whole
 * @throws GatewayError `not_found` where nothing is configured
 */
export function readConfig(config: Config, keys: string[] = []): unknown {
  let value = redact(config)
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) {
      throw new GatewayError('not_found', 'Nothing is configured there', { param: 'path' })
    }
    value = (value as Record<string, unknown>)[key]
  }
  return value
}
