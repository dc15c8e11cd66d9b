import type { Outcome, TurnEvent, Usage } from '../../src/turns/event.ts'
import type { Turn } from '../../src/turns/turn.ts'
import type { ChatAnswer } from './schema.ts'

export const tokensUsed = ({ input, output }: Usage) => ({ input, output, total: input + output })

/**
 * Reads a turn to its end.
 * @param tell is told of each event on the way; where it returns a promise, the turn waits for it
 * @throws GatewayError when the turn failed
 */
export async function readAnswer(
  turn: Turn,
  tell?: (event: TurnEvent) => Promise<void> | undefined
): Promise<ChatAnswer> {
  let response = ''
  await turn.read(({ event }) => {
    if (event.type === 'text') response += event.delta
    return tell?.(event)
  })
  return toAnswer(turn, response, await turn.outcome)
}

function toAnswer({ id, request }: Turn, response: string, { error, usage, finishReason }: Outcome): ChatAnswer {
  if (error) throw error
  const sessionKey = request.session?.key ?? ''
  return { response, tokensUsed: tokensUsed(usage), finishReason, sessionKey, sessionId: sessionKey, turnId: id }
}
