// OpenAI's own client against a gateway. Only its base address is changed.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import gateway from 'comis-gateway'
import Fastify from 'fastify'
import OpenAI from 'openai'

const apiKey = 'an-example-secret-of-at-least-32-characters'
const app = Fastify()
await app.register(gateway, {
  dataDir: mkdtempSync(join(tmpdir(), 'embedded-')),
  gateway: { tokens: [{ id: 'example', secret: apiKey, scopes: ['api'] }] }
})
const address = await app.listen({ port: 0 })

const client = new OpenAI({ baseURL: `${address}/v1`, apiKey })
const stream = await client.chat.completions.create({
  model: 'builtin/echo',
  messages: [{ role: 'user', content: 'Every word comes by itself.' }],
  stream: true
})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')
console.log()

const { data } = await client.embeddings.create({
  model: 'offline/embeddings-en',
  input: ['How do I reset my password?', 'I forgot my login', 'Bananas are yellow']
})
const [question, ...answers] = data.map(({ embedding }) => embedding)
for (const answer of answers) {
  const likeness = answer.reduce((sum, value, at) => sum + value * (question?.[at] ?? 0), 0)
  console.log('alike:', likeness.toFixed(2))
}
await app.close()
