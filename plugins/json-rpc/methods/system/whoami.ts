import Type from 'typebox'
import { Scope } from '../../../../src/config/schema.ts'
import { VERSION } from '../../../../src/instance.ts'
import { defineMethod } from '../../method.ts'

export const whoami = defineMethod({
  name: 'system.whoami',
  summary: 'Who is calling, and what may they do?',
  description: 'A client that shows people only what their token allows asks this first.',
  params: Type.Object({}),
  result: Type.Object({
    clientId: Type.String({ description: 'The id of the token: whose the sessions and turns of this client are.' }),
    scopes: Type.Array(Scope, { description: 'What the token may do.' }),
    version: Type.String({ description: 'Of the gateway.' })
  }),
  handler: (_params, { by }) => ({ clientId: by.clientId, scopes: [...by.scopes], version: VERSION })
})
