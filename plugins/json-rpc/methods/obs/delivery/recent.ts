import Type from 'typebox'
import { DeliveryRecord, toRecord } from '../../../../webhooks/schema.ts'
import { defineMethod } from '../../../method.ts'

export const recent = defineMethod({
  name: 'obs.delivery.recent',
  scope: 'admin',
  summary: 'The newest deliveries, the newest first',
  params: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 20, description: 'How many at most.' }))
  }),
  result: Type.Object({ deliveries: Type.Array(DeliveryRecord) }),
  handler: async ({ limit = 20 }, { services }) => {
    const { deliveries } = await services.webhooks.list({ limit })
    return { deliveries: deliveries.map(toRecord) }
  }
})
