import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { id } from './params.ts'

export const discard = defineMethod({
  name: 'webhooks.discard',
  scope: 'admin',
  summary: 'End a delivery that waits, is held or is dead',
  description: `One that runs is ended by \`turn.cancel\` of its turn. It can still be replayed, until it is forgotten. Told as
\`webhook:discarded\` and \`audit:event\`.`,
  params: Type.Object({ id }),
  result: Type.Object({ id, discarded: Type.Literal(true) }),
  handler: async (params, { services, by }) => {
    await services.webhooks.discard(params.id, by)
    return { id: params.id, discarded: true as const }
  }
})
