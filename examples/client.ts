// The published client: a streamed answer, and the events that tell of it.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import gateway from 'comis-gateway'
import { GatewayClient } from 'comis-gateway/client'
import Fastify from 'fastify'

const token = 'an-example-secret-of-at-least-32-characters'
const app = Fastify()
await app.register(gateway, {
  dataDir: mkdtempSync(join(tmpdir(), 'client-')),
  gateway: { tokens: [{ id: 'example', secret: token, scopes: ['rpc'] }] },
  agents: { default: { provider: 'builtin', model: 'echo' } }
})

const client = new GatewayClient({ url: await app.listen({ port: 0 }), token })
for await (const delta of client.chatText({ message: 'Every word comes by itself.' })) process.stdout.write(delta)

for await (const event of client.events({ types: ['message:sent'], since: 0 })) {
  if (event.type === 'message:sent') console.log(`\n${event.type} ${event.data.finishReason}`)
  break
}
client.close()
await app.close()
