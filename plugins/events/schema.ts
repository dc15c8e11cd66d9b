import Type from 'typebox'
import { EVENTS } from '../../src/events/map.ts'

const payloads = Object.entries(EVENTS).map(([type, payload]) => ({ ...payload, title: type }))

/** How the stream of `/api/events` reads, with the payload of every type. */
export const EventStream = {
  description: `Every event has its type as \`event:\` and its payload as \`data:\`, one of the objects below, named by its title.
Each but \`message:streaming\` has a growing \`id:\`; send the last one as \`Last-Event-ID\` to get what was missed. \`retry\`
comes first, \`ping\` {"timestamp"} every 15 s; \`gap\` {"first","last","reason"} tells of ids that cannot be had any more
(\`expired\`), or that the given one is none of this gateway (\`unknown\`): read the state anew. They carry no id.`,
  content: { 'text/event-stream': { schema: { anyOf: payloads } } }
}

export const ActivityList = Type.Object(
  {
    entries: Type.Array(
      Type.Object({
        id: Type.Integer({ description: 'The number of the event, as in the stream.' }),
        event: Type.String({ description: 'Its type.' }),
        payload: Type.Unsafe<object>({ type: 'object', additionalProperties: true }),
        timestamp: Type.Integer({ description: 'Milliseconds since the epoch.' })
      })
    ),
    count: Type.Integer()
  },
  { description: 'The newest events, oldest first.' }
)
