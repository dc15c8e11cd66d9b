import Type from 'typebox'

export const id = Type.String({ minLength: 1, description: 'Of the delivery, as `webhooks.list` tells it.' })
