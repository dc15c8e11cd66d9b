import Type from 'typebox'
import { mayUseModel } from '../../../../src/access/limits.ts'
import { defineMethod } from '../../method.ts'

export const list = defineMethod({
  name: 'models.list',
  scope: 'admin',
  summary: 'List the models of all providers',
  description: 'What is known now and the token may use; a provider that cannot be asked is left out.',
  params: Type.Object({ provider: Type.Optional(Type.String({ description: 'Only those of this provider.' })) }),
  result: Type.Object({
    models: Type.Array(
      Type.Object({
        id: Type.String({ description: '`provider/model`.' }),
        provider: Type.String(),
        created: Type.Integer({ description: 'Seconds since the epoch; 0 where it is not known.' })
      })
    )
  }),
  handler: async ({ provider }, { services, by }) => {
    const entries = await services.catalog.list()
    const wanted = entries.filter(
      ({ id, providerId }) => (provider === undefined || providerId === provider) && mayUseModel(by, id)
    )
    return { models: wanted.map(({ id, providerId, created }) => ({ id, provider: providerId, created })) }
  }
})
