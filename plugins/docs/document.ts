import type { SwaggerOptions } from '@fastify/swagger'
import { VERSION } from '../../src/instance.ts'

type Document = NonNullable<Extract<SwaggerOptions, { openapi?: unknown }>['openapi']>

const DESCRIPTION = `One address for AI agents: ask an agent over REST or Server-Sent Events, or point any client made for
OpenAI at \`/v1\`.

A token goes into \`Authorization: Bearer <token>\`. Times are milliseconds since the epoch unless a field says otherwise.`

/** What the OpenAPI document says beyond the routes. */
export const documentOf = (prefix: string): Document => ({
  openapi: '3.1.0',
  info: {
    title: 'comis-gateway',
    description: DESCRIPTION,
    version: VERSION,
    license: { name: 'MIT', identifier: 'MIT' } as { name: string }
  },
  servers: [{ url: prefix || '/' }],
  tags: [
    { name: 'core', description: 'The gateway itself.' },
    { name: 'agents', description: 'Who answers.' },
    { name: 'chat', description: 'Talk to an agent.' },
    { name: 'turns', description: 'What is being answered right now.' },
    { name: 'events', description: 'What happens, live and lately.' },
    { name: 'media', description: 'Files to upload and to read.' },
    { name: 'json-rpc', description: 'Everything, as methods to call.' },
    { name: 'webhooks', description: 'What happens elsewhere, told to agents.' },
    { name: 'openai', description: 'For clients made for OpenAI.' }
  ],
  components: {
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: 'A token of the gateway.' },
      queryToken: { type: 'apiKey', in: 'query', name: 'token', description: 'For clients that cannot set headers.' },
      queryTicket: {
        type: 'apiKey',
        in: 'query',
        name: 'ticket',
        description: 'The same, without the token in an address: see `POST /api/tickets`.'
      }
    }
  }
})
