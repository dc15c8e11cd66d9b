import { GatewayError } from '../errors.ts'

/**
 * Checks how many numbers a vector is to have.
 * @param own what the model's vectors have, where that is known
 * @throws GatewayError `invalid_request` for more than that
 */
export function checkDimensions(asked: number | undefined, own: number | undefined, name: string): void {
  if (asked === undefined || own === undefined || asked <= own) return
  const message = `The vectors of "${name}" have ${own} numbers; they cannot have ${asked}`
  throw new GatewayError('invalid_request', message, { param: 'dimensions' })
}
