import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { Changed } from './shapes.ts'

export const patch = defineMethod({
  name: 'config.patch',
  scope: 'admin',
  summary: 'Change the configuration while the gateway runs',
  description: `A merge patch (RFC 7396): what it names is changed, null takes a key out, lists are replaced. The whole is checked
before anything is changed; it is kept over restarts, above what the file says. A secret that reads \`[redacted]\` stays as it is.`,
  params: Type.Object({
    patch: Type.Object({}, { description: 'As in `{ "agents": { "default": { "name": "Comis" } } }`.' })
  }),
  result: Changed,
  handler: ({ patch: wanted }, { services, by }) => services.liveConfig.patch(() => wanted, by.clientId)
})
