import { GatewayError } from '../../../src/errors.ts'

const MARK = 'comis1:'

/** What stands for a conversation that was made shorter. It is opaque to clients, and no secret to whoever made it. */
export const writeCompaction = (summary: string): string => MARK + Buffer.from(summary).toString('base64url')

/** @throws GatewayError `invalid_request` for what was not written here */
export function readCompaction(text: string, path: string): string {
  if (text.startsWith(MARK))
    return `What was said before, in short:\n${Buffer.from(text.slice(MARK.length), 'base64url').toString()}`
  const param = `${path}.encrypted_content`
  throw new GatewayError('invalid_request', `Invalid field: ${param}: not made by /v1/responses/compact`, { param })
}
