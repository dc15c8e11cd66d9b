import { tracingChannel } from 'node:diagnostics_channel'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Type from 'typebox'
import t from 'tap'
import { defineMethod, RpcError } from '../../../src/gateway.ts'
import { bearer, listenGateway, SECRETS, temporaryFolder, TOKENS } from '../../support/gateway.ts'
import { startProcess } from '../../support/process.ts'
import { connect, post } from '../../support/socket.ts'
import { waitUntil } from '../../support/watch.ts'

const refuse = defineMethod({
  name: 'test.refuse',
  scope: 'rpc',
  summary: 'Refuses, after a while',
  params: Type.Object({}),
  result: Type.Object({}),
  handler: async () => {
    throw new RpcError(-32_050, 'No')
  }
})

t.test('a host traces calls, whichever way they come, and for as long as it likes', async (t) => {
  const { url } = await listenGateway(t, { extend: ({ rpc }) => rpc.method(refuse) })
  const stages: unknown[] = []
  const note = (stage: string) => (message: unknown) => {
    const { method, clientId, id, error } = message as Record<string, unknown>
    stages.push([stage, method, clientId, id, (error as Error | undefined)?.message])
  }
  const names = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const
  const subscribers = Object.fromEntries(names.map((name) => [name, note(name)])) as Record<
    (typeof names)[number],
    (message: unknown) => void
  >
  const channel = tracingChannel('comis-gateway:rpc')
  channel.subscribe(subscribers)
  const unsubscribe = () => channel.unsubscribe(subscribers)
  t.teardown(unsubscribe)

  await post(url, JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'system.ping' }), SECRETS.rpc)
  t.same(stages.splice(0), [
    ['start', 'system.ping', 'rpc', 7, undefined],
    ['end', 'system.ping', 'rpc', 7, undefined]
  ])
  const socket = await connect(t, url)
  t.match(await socket.call('test.refuse'), { error: { code: -32_050 } })
  t.same(stages.splice(0), [
    ['start', 'test.refuse', 'all', 'call-1', undefined],
    ['end', 'test.refuse', 'all', 'call-1', undefined],
    ['error', 'test.refuse', 'all', 'call-1', 'No'],
    ['asyncStart', 'test.refuse', 'all', 'call-1', 'No'],
    ['asyncEnd', 'test.refuse', 'all', 'call-1', 'No']
  ])
  t.match(await socket.call('no.such'), { error: { code: -32_601 } })
  t.same(stages.splice(0), [
    ['start', 'no.such', 'all', 'call-2', undefined],
    ['error', 'no.such', 'all', 'call-2', 'Method not found'],
    ['end', 'no.such', 'all', 'call-2', 'Method not found']
  ])
  unsubscribe()
  t.match(await socket.call('system.ping'), { result: { pong: true } })
  t.same(stages, [])
})

for (const [level, expected] of [
  ['debug', 3],
  ['info', 0]
] as const) {
  t.test(`at ${level} a process writes ${expected} lines of three calls, and no params`, async (t) => {
    const cwd = await temporaryFolder(t)
    const config = join(cwd, 'config.json')
    await writeFile(config, JSON.stringify({ gateway: { tokens: TOKENS } }))
    const gateway = startProcess(t, {
      args: ['--port', '0', '--data-dir', join(cwd, 'data'), '--config', config, '--log-level', level]
    })
    const url = await gateway.url()
    const calls = [
      { jsonrpc: '2.0', id: 1, method: 'system.ping' },
      { jsonrpc: '2.0', id: 2, method: 'agent.execute', params: { message: 'a message that nobody logs' } },
      { jsonrpc: '2.0', id: 3, method: 'memory.search', params: { q: 5 } }
    ]
    await post(url, JSON.stringify(calls), SECRETS.rpc)
    await fetch(`${url}/api/agents`, { headers: bearer('wrong'.padEnd(40, '.')) }) // its line comes after theirs
    await waitUntil(() => gateway.output().stderr.includes('/api/agents'))
    const { stderr } = gateway.output()
    const lines = stderr.split('\n').flatMap((line) => (line.includes('"msg":"call"') ? [JSON.parse(line)] : []))
    t.equal(lines.length, expected)
    t.notMatch(stderr, /nobody logs/)
    if (expected === 0) return
    const [ping, execute, search] = lines as Record<string, unknown>[]
    t.match(ping, { level: 20, method: 'system.ping', client: 'rpc', ms: Number, code: undefined })
    t.match(execute, { method: 'agent.execute', client: 'rpc', ms: Number, code: undefined })
    t.match(search, { method: 'memory.search', code: -32_602 })
  })
}
