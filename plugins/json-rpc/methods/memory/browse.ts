import Type from 'typebox'
import { MemoryPage, toRecord } from '../../../memory/schema.ts'
import { defineMethod } from '../../method.ts'
import { before, limit as upTo, scope } from './params.ts'

export const browse = defineMethod({
  name: 'memory.browse',
  scope: 'admin',
  summary: 'Page through what is remembered, the newest first',
  params: Type.Object({ limit: upTo(1000, 50), before, ...scope }),
  result: MemoryPage,
  handler: async ({ limit = 50, before, clientId, agentId }, { services }) => {
    const { entries, next } = await services.memory.list({ limit, before, clientId, agentId })
    return { entries: entries.map(toRecord), next }
  }
})
