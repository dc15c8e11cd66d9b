import { GatewayError } from '../../../src/errors.ts'
import type { EmbeddingBody } from './schema.ts'

const MAX_INPUTS = 2048

/**
 * The inputs of a request, as texts or as lists of tokens.
 * @throws GatewayError `invalid_request` naming `input` where there is none, one is empty, or there are too many
 */
export function toInputs(input: EmbeddingBody['input']): string[] | number[][] {
  if (typeof input === 'string') return checked([input], 'input')
  if (input.length === 0) throw refused('input: expected at least one text')
  if (isTokens(input)) return [input]
  if (input.length > MAX_INPUTS) throw refused(`input: expected at most ${MAX_INPUTS}, not ${input.length}`)
  return checked(input)
}

/** Whether inputs are tokens. They are all of one kind. */
export const areTokens = (inputs: string[] | number[][]): inputs is number[][] => typeof inputs[0] !== 'string'

const isTokens = (input: Exclude<EmbeddingBody['input'], string>): input is number[] => typeof input[0] === 'number'

function checked<T extends string[] | number[][]>(inputs: T, path?: string): T {
  const empty = inputs.findIndex((one) => one.length === 0)
  if (empty !== -1) throw refused(`${path ?? `input.${empty}`}: it is empty`)
  return inputs
}

const refused = (message: string) =>
  new GatewayError('invalid_request', `Invalid field: ${message}`, { param: 'input' })
