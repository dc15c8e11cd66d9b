import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Readable } from 'node:stream'
import Type from 'typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { toRecord } from '../../../../plugins/memory/schema.ts'
import type { Memory } from '../../../../src/memory/memory.ts'

const PAGE = 500

const Export = {
  description: 'Everything that is remembered, one JSON object a line, the newest first.',
  content: { 'application/x-ndjson': { schema: { type: 'string' } } }
}

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      config: { scopes: ['admin'] },
      exposeHeadRoute: false,
      schema: {
        operationId: 'exportMemory',
        summary: 'Export what is remembered',
        tags: ['memory'],
        querystring: Type.Object({
          clientId: Type.Optional(Type.String({ description: 'Only what belongs to this client, or to everyone.' })),
          agentId: Type.Optional(Type.String({ description: 'Only what this agent remembers.' }))
        }),
        response: { 200: Export, ...failureResponses('/api', 429) }
      }
    },
    async ({ query }, reply) => {
      void reply.type('application/x-ndjson; charset=utf-8')
      return reply.send(Readable.from(lines(fastify.comis.memory, query), { objectMode: false, highWaterMark: 65_536 }))
    }
  )
}

/** A page at a time, so that neither memory nor anyone else has to wait for all of it. */
async function* lines(memory: Memory, scope: { clientId?: string; agentId?: string }): AsyncGenerator<string> {
  let before: string | undefined
  do {
    const page = await memory.list({ ...scope, limit: PAGE, before })
    if (page.entries.length === 0) return
    yield page.entries.map((entry) => `${JSON.stringify(toRecord(entry))}\n`).join('')
    before = page.next
  } while (before !== undefined)
}

export default routes
