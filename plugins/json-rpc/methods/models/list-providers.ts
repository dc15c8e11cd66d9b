import Type from 'typebox'
import { defineMethod } from '../../method.ts'

export const listProviders = defineMethod({
  name: 'models.list_providers',
  scope: 'admin',
  summary: 'List the providers',
  params: Type.Object({}),
  result: Type.Object(
    { providers: Type.Array(Type.Object({ id: Type.String() })) },
    { description: 'In their order.' }
  ),
  handler: (_params, { services }) => ({ providers: services.catalog.providers.map((id) => ({ id })) })
})
