import type { Json } from '../json.ts'
import { partOf, textOf } from './payload.ts'

/**
 * A push of Google Pub/Sub holds what it is about as JSON in base64: templates are to see what is in it, in its place.
 * Whatever else a payload is, it stays as it is.
 * @see https://cloud.google.com/pubsub/docs/push#receive_push
 */
export function unwrapPush(payload: Json): Json {
  const message = partOf(payload, 'message')
  const data = textOf(message, 'messageId') && textOf(message, 'data')
  const decoded = data === undefined ? undefined : decode(data)
  if (decoded === undefined) return payload
  return { ...(payload as object), message: { ...(message as object), data: decoded } }
}

function decode(data: string): Json | undefined {
  try {
    return JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as Json
  } catch {
    return undefined // plain text, which a template sees as it came
  }
}
