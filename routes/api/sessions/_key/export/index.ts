import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { TSchema } from 'typebox'
import { failureResponses } from '../../../../../plugins/errors/schema.ts'
import { KeyParams, OwnerQuery, sessionOf } from '../../../../../plugins/sessions/request.ts'
import { SessionExport, toExported, toRecord } from '../../../../../plugins/sessions/schema.ts'
import type { Sessions } from '../../../../../src/sessions/sessions.ts'
import type { SessionRef } from '../../../../../src/storage/port.ts'

const Export = {
  description: 'The session, and all that was said in it, the oldest message first.',
  content: { 'application/json': { schema: SessionExport as TSchema } }
}

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'exportSession',
        summary: 'Export a session with all its messages',
        tags: ['sessions'],
        params: KeyParams,
        querystring: OwnerQuery,
        response: { 200: Export, ...failureResponses('/api', 404, 429) }
      }
    },
    async (request, reply) => {
      const ref = sessionOf(request)
      const { sessions } = fastify.comis
      const first = await sessions.messages(ref)
      void reply.type('application/json; charset=utf-8')
      const stream = document(sessions, ref, first)
      return reply.send(Readable.from(stream, { objectMode: false, highWaterMark: 65_536 }))
    }
  )
}

type Page = Awaited<ReturnType<Sessions['messages']>>

/** A page at a time, so that neither memory nor anyone else has to wait for all of it. */
async function* document(sessions: Sessions, ref: SessionRef, first: Page): AsyncGenerator<string> {
  yield `{"session":${JSON.stringify(toRecord(first.session))},"messages":[`
  let separator = ''
  let page: Page | undefined = first
  while (page) {
    const { messages, next }: Page = page
    if (messages.length > 0) yield separator + messages.map((message) => JSON.stringify(toExported(message))).join(',')
    separator = ','
    page = next === undefined ? undefined : await sessions.messages(ref, next)
  }
  yield ']}'
}

export default routes
