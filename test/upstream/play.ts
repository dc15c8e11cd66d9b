import type { Answer, Encoder } from './format.ts'
import { SERVER_ERROR } from './failures.ts'
import type { LoggedRequest } from './log.ts'
import type { Outlet } from './outlet.ts'
import type { Step } from './scenarios.ts'
import { sse } from './wire.ts'

export const emptyAnswer = (): Answer => ({ text: '', refusal: '', reasoning: '', calls: [], chunks: 0 })

/** An answer about to be given. */
export interface Part {
  steps: Iterable<Step>
  streams: boolean
  encoder: Encoder
  /** The same that the encoder reads. */
  answer: Answer
  outlet: Outlet
  entry: LoggedRequest
}

/** Plays the steps to their end, at the pace the client reads them. */
export async function play({ steps, streams, encoder, answer, outlet, entry }: Part): Promise<void> {
  const keepAlive = streams ? ': keep-alive\n\n' : '\n'
  const wire = streams ? encoder : wholly(encoder)
  let headed = false
  for (const step of steps) {
    if (step.type === 'wait') await outlet.wait(step.ms)
    else if (step.type === 'hang') await outlet.hang()
    else if (step.type === 'reset' || (step.type === 'reset-kept' && entry.nth > 1)) return outlet.reset()
    else if (step.type === 'hint') outlet.hint()
    else {
      record(step, answer)
      await outlet.write((headed ? '' : wire.head()) + (step.type === 'comment' ? keepAlive : encoded(step, wire)))
      headed = true
      entry.chunksSent = answer.chunks
    }
  }
  await outlet.end()
}

/** The encoder of an answer that does not stream: nothing goes out until it finishes. */
function wholly(encoder: Encoder): Encoder {
  const nothing = (): string => ''
  const deltas = {
    head: nothing,
    text: nothing,
    refusal: nothing,
    reasoning: nothing,
    call: nothing,
    arguments: nothing
  }
  const finish = (): string => JSON.stringify(encoder.whole())
  return { ...deltas, finish, error: (failure) => encoder.error(failure), whole: () => encoder.whole() }
}

function record(step: Step, answer: Answer): void {
  if (step.type === 'finish') answer.finish = step.reason
  if (step.type === 'call') answer.calls.push((answer.call = { name: step.name, arguments: '' }))
  if (!('delta' in step)) return
  answer.chunks += 1
  if (step.type === 'arguments' && answer.call) answer.call.arguments += step.delta
  if (step.type === 'text') answer.text += step.delta
  if (step.type === 'refusal') answer.refusal += step.delta
  if (step.type === 'reasoning') answer.reasoning += step.delta
}

function encoded(step: Step, encoder: Encoder): string {
  if (step.type === 'refusal') return encoder.refusal?.(step.delta) ?? encoder.text(step.delta)
  if ('delta' in step) return encoder[step.type](step.delta)
  if (step.type === 'call') return encoder.call(step.name)
  if (step.type === 'finish') return encoder.finish(step.reason)
  if (step.type === 'error') return encoder.error(SERVER_ERROR)
  if (step.type === 'garbage') return sse('<html>502 Bad Gateway</html>')
  return ''
}
