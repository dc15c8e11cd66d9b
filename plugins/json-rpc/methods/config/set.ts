import Type from 'typebox'
import { GatewayError } from '../../../../src/errors.ts'
import { defineMethod } from '../../method.ts'
import { Changed, keysOf, Path } from './shapes.ts'

export const set = defineMethod({
  name: 'config.set',
  scope: 'admin',
  summary: 'Set one key of the configuration while the gateway runs',
  description: 'As `config.patch` does. A list is set as a whole.',
  params: Type.Object({ path: Path, value: Type.Unknown({ description: 'Null takes the key out.' }) }),
  result: Changed,
  handler: ({ path, value }, { services, by }) =>
    services.liveConfig.patch(() => toPatch(keysOf(path), value), by.clientId)
})

function toPatch(keys: string[], value: unknown): unknown {
  if (keys.some((key) => key === '')) throw new GatewayError('invalid_request', 'Expected a key', { param: 'path' })
  return keys.reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value)
}
