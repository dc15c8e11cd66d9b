import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { id } from './params.ts'

export const replay = defineMethod({
  name: 'webhooks.replay',
  scope: 'admin',
  summary: 'Start a delivery again that has ended',
  description: `As its mapping is now. One that was done runs a new turn; one whose answer could not be sent goes on with the
sending. Told as \`webhook:replayed\` and \`audit:event\`.`,
  params: Type.Object({ id }),
  result: Type.Object({ id, replayed: Type.Literal(true) }),
  handler: async (params, { services, by }) => {
    await services.webhooks.replay(params.id, by)
    return { id: params.id, replayed: true as const }
  }
})
