import Type, { type TSchema } from 'typebox'
import { defineMethod } from '../../method.ts'
import { id, limits } from './schema.ts'

const orNull = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))

export const update = defineMethod({
  name: 'tokens.update',
  scope: 'admin',
  summary: 'Change what a client may use',
  description: `At once, for all of its tokens and for what is connected with them, those of the configuration too; it beats the
configuration. What is left out stays, null takes a limit away. A budget that names a group becomes the budget of all in that group.`,
  params: Type.Object({
    id,
    agents: orNull(limits.agents),
    models: orNull(limits.models),
    rateLimit: orNull(limits.rateLimit),
    tokensPerMinute: orNull(limits.tokensPerMinute),
    budget: orNull(limits.budget)
  }),
  result: Type.Object({ id, ...limits }, { description: 'The limits from now on.' }),
  handler: async (params, { services, by }) => ({ id: params.id, ...(await services.tokens.update(params, by)) })
})
