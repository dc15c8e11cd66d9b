import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Json } from '../json.ts'
import { GatewayError } from '../errors.ts'
import type { Issue } from '../schema/explain.ts'
import { pinpoint } from '../schema/pinpoint.ts'

/** What `POST /hooks/webhook` takes. */
export const WebhookEvent = Type.Object({
  event: Type.String({ minLength: 1, maxLength: 256, description: 'What happened.' }),
  source: Type.String({ minLength: 1, maxLength: 256, description: 'Where.' }),
  data: Type.Unknown({ description: 'Whatever there is to say of it.' }),
  timestamp: Type.Optional(
    Type.Union([Type.Number(), Type.String()], { description: 'When, in the words of the sender.' })
  )
})
export type WebhookEvent = Static<typeof WebhookEvent>

const validator = Compile(WebhookEvent)

/** A payload that is JSON, and none of these. */
export class InvalidEvent extends GatewayError {
  readonly issues: Issue[]
  constructor(issues: Issue[]) {
    super('invalid_request', 'Validation failed')
    this.issues = issues
  }
}

/** @throws InvalidEvent */
export function readEvent(value: Json): WebhookEvent {
  if (validator.Check(value)) return value
  throw new InvalidEvent(pinpoint(WebhookEvent, value))
}
