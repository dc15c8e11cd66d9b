import Type from 'typebox'
import { MemoryPage, toRecord } from '../../../memory/schema.ts'
import { defineMethod } from '../../method.ts'
import { before, scope } from './params.ts'

const PAGE = 500

export const exportMemory = defineMethod({
  name: 'memory.export',
  scope: 'admin',
  summary: 'Export what is remembered',
  description: `In pages of ${PAGE}: call it again with \`before\` as long as there is a \`next\`.`,
  params: Type.Object({ before, ...scope }),
  result: MemoryPage,
  handler: async ({ before, clientId, agentId }, { services }) => {
    const { entries, next } = await services.memory.list({ limit: PAGE, before, clientId, agentId })
    return { entries: entries.map(toRecord), next }
  }
})
