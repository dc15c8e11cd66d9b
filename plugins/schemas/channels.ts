import Type from 'typebox'

export const ChannelStatus = Type.Enum(['connected', 'connecting', 'disconnected', 'error', 'unavailable'], {
  description: '`unavailable`: it is configured, and nothing serves it.'
})

export const Channel = Type.Object({
  type: Type.String(),
  name: Type.String(),
  enabled: Type.Boolean(),
  status: ChannelStatus,
  uptime: Type.Optional(Type.Integer({ description: 'Seconds.' })),
  lastMessageAt: Type.Optional(Type.Integer({ description: 'Milliseconds since the epoch.' }))
})

export const ChannelList = Type.Object({ channels: Type.Array(Channel) }, { description: 'Channels, in their order.' })
