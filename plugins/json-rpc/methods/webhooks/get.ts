import Type from 'typebox'
import { DeliveryRecord, toRecord } from '../../../webhooks/schema.ts'
import { defineMethod } from '../../method.ts'
import { id } from './params.ts'

const Values = Type.Record(Type.String(), Type.String())

export const get = defineMethod({
  name: 'webhooks.get',
  scope: 'admin',
  summary: 'A delivery with all that is kept of it',
  params: Type.Object({ id }),
  result: Type.Object({
    ...DeliveryRecord.properties,
    payload: Type.String({ description: 'JSON text, as it came.' }),
    headers: Values,
    query: Values,
    path: Type.String({ description: 'What its mapping was found by.' }),
    answer: Type.Optional(
      Type.Object(
        { channel: Type.String(), to: Type.String(), text: Type.String() },
        { description: 'What is sent, or was.' }
      )
    )
  }),
  handler: async (params, { services }) => {
    const delivery = await services.webhooks.get(params.id)
    const { payload, headers, query, path, answer } = delivery
    return { ...toRecord(delivery), payload, headers, query, path, answer }
  }
})
