import Type from 'typebox'
import { defineMethod } from '../../method.ts'

export const diff = defineMethod({
  name: 'config.diff',
  scope: 'admin',
  summary: 'Tell in what two versions of the configuration differ, without secrets',
  params: Type.Object({
    from: Type.Integer({ minimum: 1, description: 'A version of `config.history`.' }),
    to: Type.Optional(Type.Integer({ minimum: 1, description: 'Another one; left out: the one that is now.' }))
  }),
  result: Type.Object({
    from: Type.Integer(),
    to: Type.Integer(),
    changes: Type.Array(
      Type.Object({
        path: Type.String(),
        from: Type.Optional(Type.Unknown({ description: 'Left out: there was nothing.' })),
        to: Type.Optional(Type.Unknown({ description: 'Left out: there is nothing.' }))
      })
    )
  }),
  async handler({ from, to }, { services: { liveConfig } }) {
    const until = to ?? liveConfig.version
    return { from, to: until, changes: await liveConfig.diff(from, until) }
  }
})
