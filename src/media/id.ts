import { GatewayError } from '../errors.ts'

const ID = /^[A-Za-z0-9._-]{1,200}$/

/**
 * Letters, digits, `.`, `-` and `_`, at most 200: an id can be no path.
 * @throws GatewayError `invalid_request`
 */
export function checkId(id: string): string {
  if (!ID.test(id) || id === '.' || id === '..') throw new GatewayError('invalid_request', 'Invalid media id')
  return id
}
