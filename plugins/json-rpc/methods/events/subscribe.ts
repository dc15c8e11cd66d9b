import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { onSocket } from '../on-socket.ts'

export const subscribe = defineMethod({
  name: 'events.subscribe',
  scope: 'rpc',
  summary: 'Watch what happens',
  description: `Each event is a notification \`event\` {subscription, id, type, data}, with the ids, types and payloads of
\`/api/events\`. An event \`gap\` {first, last, reason} tells of ids that cannot be had any more. Only over a WebSocket; one
that does not keep up is closed with 1013, and resumes by \`since\`.`,
  params: Type.Object({
    types: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: 100,
        description: 'Types as `session:created`, or categories as `session:*`; left out: all.'
      })
    ),
    since: Type.Optional(
      Type.Integer({
        description: 'The last id that was seen: what came after it is sent first. Left out: from now on.'
      })
    ),
    agentId: Type.Optional(Type.String({ description: 'Only events of this agent.' })),
    sessionKey: Type.Optional(Type.String({ description: 'Only events of this session.' }))
  }),
  result: Type.Object({
    subscription: Type.String(),
    last: Type.Integer({
      description: 'The newest id there was: `since` for a client that loses the connection before any event came.'
    })
  }),
  async handler({ types, since, agentId, sessionKey }, { socket, services }) {
    const { subscriptions } = onSocket(socket)
    const { last } = await services.storage.events.bounds()
    return { subscription: subscriptions.add({ types, since, agentId, sessionKey }), last }
  }
})
