// A gateway inside a Fastify application of your own, below a prefix.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import gateway, { defineTool } from 'comis-gateway'
import Fastify from 'fastify'
import Type from 'typebox'

const secret = 'an-example-secret-of-at-least-32-characters'

const stock = defineTool({
  name: 'stock',
  description: 'Tells how many of an article are in stock.',
  parameters: Type.Object({ article: Type.String() }),
  execute: ({ article }) => ({ article, inStock: 7 })
})

const app = Fastify()
app.get('/', async () => ({ shop: 'open' }))
await app.register(gateway, {
  prefix: '/ai',
  tools: [stock],
  dataDir: mkdtempSync(join(tmpdir(), 'embedded-')),
  gateway: { tokens: [{ id: 'shop', secret, scopes: ['rpc', 'api'] }] },
  agents: { default: { systemPrompt: 'You help in a shop.', tools: ['stock'], provider: 'builtin' } }
})

const address = await app.listen({ port: 0 })
const answer = await fetch(`${address}/ai/api/chat`, {
  method: 'POST',
  headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
  body: JSON.stringify({ message: 'Remember that we close at six.' })
})
console.log(await answer.json())
await app.close()
