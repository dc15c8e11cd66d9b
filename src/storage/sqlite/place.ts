import { GatewayError } from '../../errors.ts'

/**
 * The row that a page goes on from, as `next` of the page before told it.
 * @param param what the caller knows the place by
 * @throws GatewayError `invalid_request` for what was never told
 */
export function toSeq(place: string, param: 'after' | 'before'): number {
  const seq = Number(place || NaN)
  if (Number.isSafeInteger(seq)) return seq
  throw new GatewayError('invalid_request', 'This is no `next` of a page', { param })
}
