import Type from 'typebox'
import type { Channel as DomainChannel } from '../../src/channels/channels.ts'

export const Channel = Type.Object({
  type: Type.String(),
  name: Type.String(),
  enabled: Type.Boolean(),
  status: Type.Enum(['connected', 'connecting', 'disconnected', 'error', 'unavailable'], {
    description: '`unavailable`: it is configured, and nothing serves it.'
  }),
  uptime: Type.Optional(Type.Integer({ description: 'Seconds.' })),
  lastMessageAt: Type.Optional(Type.Integer({ description: 'Milliseconds since the epoch.' }))
})

export const ChannelList = Type.Object(
  {
    channels: Type.Array(Channel)
  },
  { description: 'The channels that are enabled.' }
)

/** A channel as clients see it: only those that are enabled are listed. */
export const toListed = (channel: DomainChannel) => ({ ...channel, enabled: true })
