import Type from 'typebox'
import type { Memory } from '../../memory/memory.ts'
import { defineTool, type Tool } from '../tool.ts'

const MOST_FOUND = 20
const LONGEST = 4000

/** The names of the tools by which an agent uses its memory. */
export const MEMORY_TOOLS = ['memory_store', 'memory_search']

/** The tools by which an agent keeps things and finds them again, over all conversations with the same client. */
export const memoryTools = (memory: Memory): Tool[] => [
  defineTool({
    name: 'memory_store',
    description:
      'Remembers something over all conversations: a fact, a preference, a decision. Use it when the user asks for it or ' +
      'tells what will matter later. Write one short sentence that can be understood by itself.',
    parameters: Type.Object({
      content: Type.String({ minLength: 1, maxLength: LONGEST, description: 'what to remember' }),
      tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 16 }))
    }),
    async execute({ content, tags = [] }, _signal, { clientId, agentId, sessionKey, turnId }) {
      const { id } = await memory.store({ content, tags, clientId, agentId, sessionKey, turnId, source: 'agent' })
      return { stored: true, id }
    }
  }),
  defineTool({
    name: 'memory_search',
    description: 'Finds what was remembered before, in any conversation, by words or by meaning.',
    parameters: Type.Object({
      query: Type.String({ minLength: 1, maxLength: LONGEST, description: 'what to look for' }),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_FOUND, description: 'default 5' }))
    }),
    async execute({ query, limit = 5 }, signal, { clientId, agentId }) {
      const found = await memory.recall({ query, limit, clientId, agentIds: [agentId] }, signal)
      return {
        results: found.map(({ content, createdAt, score }) => ({
          content,
          rememberedAt: new Date(createdAt).toISOString(),
          score
        }))
      }
    }
  })
]
