import Type from 'typebox'
import { defineMethod } from '../../method.ts'

export const history = defineMethod({
  name: 'config.history',
  scope: 'admin',
  summary: 'List the configurations there were, the newest first',
  params: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many at most.' })),
    before: Type.Optional(Type.Integer({ minimum: 1, description: 'Only versions below this one.' }))
  }),
  result: Type.Object({
    versions: Type.Array(
      Type.Object({
        version: Type.Integer(),
        at: Type.Integer({ description: 'Milliseconds since the epoch.' }),
        source: Type.Enum(['start', 'patch', 'rollback'], { description: '`start`: with another file than before.' }),
        clientId: Type.Optional(Type.String({ description: 'Who changed it.' })),
        paths: Type.Array(Type.String(), { description: 'The keys in which it differs from the one before.' })
      })
    )
  }),
  handler: async ({ limit = 50, before }, { services }) => ({
    versions: await services.liveConfig.history(limit, before)
  })
})
