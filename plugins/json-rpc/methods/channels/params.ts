import Type from 'typebox'

export const type = Type.String({ description: 'Of the channel, as in `channels.list`.' })
