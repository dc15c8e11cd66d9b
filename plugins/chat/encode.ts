import type { Entry, Outcome, TurnEvent } from '../../src/turns/event.ts'
import type { Turn } from '../../src/turns/turn.ts'
import { frame } from '../sse/frame.ts'
import { tokensUsed } from './answer.ts'

/**
 * Encodes a turn as the events of `/api/chat/stream`. Ids are `<turnId>:<n>` and come from the entries alone, so that
 * encoding a turn again gives the same bytes.
 * @param accumulate whether each `token` also holds all the text so far
 */
export function chatEncoder({ id, request }: Turn, accumulate: boolean): (entry: Entry) => string {
  let accumulated = ''
  return ({ seq, event }) => {
    if (event.type === 'text') accumulated += event.delta
    const told = tell(event, accumulated, accumulate, request.session?.key)
    return told ? frame({ id: `${id}:${seq}`, event: told.event, data: JSON.stringify(told.data) }) : ''
  }
}

interface Told {
  event: string
  data: object
}

function tell(event: TurnEvent, accumulated: string, accumulate: boolean, sessionKey?: string): Told | undefined {
  switch (event.type) {
    case 'text':
      return { event: 'token', data: accumulate ? { delta: event.delta, accumulated } : { delta: event.delta } }
    case 'reasoning':
      return { event: 'reasoning', data: { delta: event.delta } }
    case 'tool_call':
    case 'tool_result': {
      const { type, ...data } = event
      return { event: type, data }
    }
    case 'finished':
      return tellEnd(event.outcome, accumulated, sessionKey)
    default:
      return undefined
  }
}

function tellEnd({ error, usage, finishReason }: Outcome, response: string, sessionKey?: string): Told {
  if (error) return { event: 'error', data: { error: error.message } }
  return { event: 'done', data: { response, tokensUsed: tokensUsed(usage), finishReason, sessionKey } }
}
