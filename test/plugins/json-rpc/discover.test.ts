import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import t from 'tap'
import Type from 'typebox'
import { defineMethod, RpcError } from '../../../src/gateway.ts'
import { listenGateway, SECRETS } from '../../support/gateway.ts'
import { post } from '../../support/socket.ts'

interface Document {
  methods: { name: string; summary: string; params: { name: string; required: boolean; schema: object }[] }[]
}

const call = (method: string, params?: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
async function discover(url: string): Promise<Document> {
  return ((await post(url, call('rpc.discover'), SECRETS.rpc)).json as { result: Document }).result
}

const require = createRequire(import.meta.url)

/** A meta-schema from its package. It names itself as its own dialect, which is draft 7; Ajv minds a missing slash. */
function published(name: string): object {
  const { default: schema } = require(name) as { default: object }
  const text = JSON.stringify({ ...schema, $schema: undefined })
  return JSON.parse(text.replaceAll('"https://meta.json-schema.tools"', '"https://meta.json-schema.tools/"')) as object
}

t.test('the document is valid against the meta-schema of OpenRPC', async (t) => {
  const { url } = await listenGateway(t)
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  ajv.addSchema(published('@json-schema-tools/meta-schema'))
  const validate = ajv.compile(published('@open-rpc/meta-schema'))
  t.ok(validate(await discover(url)), JSON.stringify(validate.errors?.slice(0, 5)))
  t.notOk(validate({ openrpc: '1.3.2', info: {}, methods: [{}] }), 'it is strict enough to find faults')
})

t.test('every method is in it, described', async (t) => {
  const { url } = await listenGateway(t)
  const { methods } = await discover(url)
  t.same(
    methods.map(({ name }) => name),
    [
      'agent.execute',
      'agent.list',
      'agent.stream',
      'agents.create',
      'agents.delete',
      'agents.get',
      'agents.list',
      'agents.resume',
      'agents.suspend',
      'agents.update',
      'channel.list',
      'channels.disable',
      'channels.enable',
      'channels.get',
      'channels.health',
      'channels.list',
      'channels.restart',
      'config.diff',
      'config.get',
      'config.history',
      'config.patch',
      'config.read',
      'config.rollback',
      'config.schema',
      'config.set',
      'delivery.queue.status',
      'events.subscribe',
      'events.unsubscribe',
      'gateway.status',
      'memory.browse',
      'memory.delete',
      'memory.export',
      'memory.flush',
      'memory.inspect',
      'memory.search',
      'memory.stats',
      'memory.store',
      'models.list',
      'models.list_providers',
      'models.test',
      'obs.billing.byAgent',
      'obs.billing.byProvider',
      'obs.billing.bySession',
      'obs.billing.total',
      'obs.billing.usage24h',
      'obs.delivery.recent',
      'obs.delivery.stats',
      'obs.diagnostics',
      'obs.reset',
      'rpc.cancel',
      'rpc.discover',
      'session.compact',
      'session.delete',
      'session.export',
      'session.history',
      'session.list',
      'session.rename',
      'session.reset',
      'session.search',
      'session.send',
      'session.status',
      'system.ping',
      'system.whoami',
      'tokens.create',
      'tokens.list',
      'tokens.revoke',
      'tokens.rotate',
      'tokens.update',
      'turn.cancel',
      'turn.list',
      'webhooks.discard',
      'webhooks.get',
      'webhooks.list',
      'webhooks.replay'
    ]
  )
  for (const { name, summary, params } of methods) {
    t.ok(summary, name)
    const firstOptional = params.findIndex(({ required }) => !required)
    const lastRequired = params.findLastIndex(({ required }) => required)
    t.ok(firstOptional === -1 || firstOptional > lastRequired, `${name}: those that are required come first`)
  }
})

t.test('a host adds methods of its own', async (t) => {
  const { url } = await listenGateway(t, {
    extend({ rpc }) {
      rpc.method(
        defineMethod({
          name: 'shop.stock',
          scope: 'rpc',
          summary: 'How many there are',
          params: Type.Object({ article: Type.String() }),
          result: Type.Object({ count: Type.Integer() }),
          async handler({ article }, { by, services }) {
            if (article === 'none') throw new RpcError(-32_042, 'No such article', { article })
            if (article === 'broken') throw new Error('/secret/path: broken')
            if (article === 'wrong') return { count: 'many' } as never
            const told = { count: by.clientId.length + services.config.agents.default!.maxSteps, more: 'not declared' }
            return told
          }
        })
      )
    }
  })
  t.same((await post(url, call('shop.stock', ['x']))).json, { jsonrpc: '2.0', id: 1, result: { count: 13 } })
  const error = async (article: string) => ((await post(url, call('shop.stock', { article }))).json as never)['error']
  t.same(await error('none'), { code: -32_042, message: 'No such article', data: { article: 'none' } })
  t.same(await error('broken'), { code: -32_603, message: 'Internal error', data: { code: 'internal' } })
  t.same(await error('wrong'), { code: -32_603, message: 'Internal error', data: { code: 'internal' } })
  t.ok((await discover(url)).methods.some(({ name }) => name === 'shop.stock'))
})

t.test('a name can be had once', async (t) => {
  const twice = listenGateway(t, {
    extend({ rpc }) {
      const params = Type.Object({})
      rpc.method(defineMethod({ name: 'system.ping', summary: '', params, result: Type.Null(), handler: () => null }))
    }
  })
  await t.rejects(twice, /There is a method "system.ping" already/)
})
