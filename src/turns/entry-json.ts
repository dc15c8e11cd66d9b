import { type ErrorCode, GatewayError } from '../errors.ts'
import type { TurnEvent } from './event.ts'

interface KeptError {
  code: ErrorCode
  message: string
  retryAfterSeconds?: number
  param?: string
  reason?: string
}

/** An event as it is kept; of an error what clients are told of it. */
export function encodeEvent(event: TurnEvent): string {
  if (event.type !== 'finished' || !event.outcome.error) return JSON.stringify(event)
  const { code, message, retryAfterSeconds, param, reason } = event.outcome.error
  const error: KeptError = { code, message, retryAfterSeconds, param, reason }
  return JSON.stringify({ ...event, outcome: { ...event.outcome, error } })
}

/** An event as it was kept. @throws SyntaxError for what `encodeEvent` did not write */
export function decodeEvent(text: string): TurnEvent {
  const event = JSON.parse(text) as TurnEvent
  if (event.type !== 'finished' || !event.outcome.error) return event
  const { code, message, ...detail } = event.outcome.error as KeptError
  return { ...event, outcome: { ...event.outcome, error: new GatewayError(code, message, detail) } }
}
