import Type from 'typebox'
import { DeliveryRecord, State, toRecord } from '../../../webhooks/schema.ts'
import { defineMethod } from '../../method.ts'

export const list = defineMethod({
  name: 'webhooks.list',
  scope: 'admin',
  summary: 'Page through the deliveries, the newest first',
  params: Type.Object({
    state: Type.Optional(State),
    mapping: Type.Optional(Type.String({ description: 'Only those of this mapping.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many at most.' })),
    before: Type.Optional(Type.String({ description: '`next` of the page before.' }))
  }),
  result: Type.Object({
    deliveries: Type.Array(DeliveryRecord),
    next: Type.Optional(Type.String({ description: 'Where the next page begins; left out after the last.' }))
  }),
  handler: async ({ mapping, limit = 50, ...rest }, { services }) => {
    const { deliveries, next } = await services.webhooks.list({ ...rest, mappingId: mapping, limit })
    return { deliveries: deliveries.map(toRecord), next }
  }
})
