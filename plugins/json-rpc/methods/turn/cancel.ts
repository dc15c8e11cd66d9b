import Type from 'typebox'
import { defineMethod } from '../../method.ts'

export const cancel = defineMethod({
  name: 'turn.cancel',
  scope: 'rpc',
  summary: 'Stop a running turn',
  description: 'Whoever waits for it gets what there is, with `finishReason` `aborted`.',
  params: Type.Object({ turnId: Type.String() }),
  result: Type.Object({ cancelled: Type.Literal(true) }),
  handler({ turnId }, { services, by }) {
    services.turns.cancel(turnId, by)
    return { cancelled: true as const }
  }
})
