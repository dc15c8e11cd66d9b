/** Whom a method lets in, and with what it is called. */
export interface Call {
  /** Undefined: everyone that may call at all. */
  scope?: 'rpc' | 'admin'
  params: object
}

const any = (params: object = {}): Call => ({ params })
const rpc = (params: object = {}): Call => ({ scope: 'rpc', params })
const admin = (params: object = {}): Call => ({ scope: 'admin', params })

const SESSION = { sessionKey: 's' }
const OF_SOMEONE = { sessionKey: 's', clientId: 'all' }
const AGENT = { agentId: 'default' }
const OTHER_AGENT = { agentId: 'other' }

/** Every method: one that is not in here, or is no more, fails the test. Params do something, where they get in. */
export const CALLS: Record<string, Call> = {
  'agent.execute': rpc({ message: 'hi', ...SESSION }),
  'agent.list': rpc(),
  'agent.stream': rpc({ message: 'hi', ...SESSION }),
  'agents.create': admin({ ...OTHER_AGENT, provider: 'builtin', model: 'echo' }),
  'agents.delete': admin(OTHER_AGENT),
  'agents.get': admin(AGENT),
  'agents.list': rpc(),
  'agents.resume': admin(AGENT),
  'agents.suspend': admin(AGENT),
  'agents.update': admin({ ...AGENT, patch: { name: 'Other' } }),
  'channel.list': admin(),
  'channels.disable': admin({ type: 'none' }),
  'channels.enable': admin({ type: 'none' }),
  'channels.get': admin({ type: 'none' }),
  'channels.health': admin({ type: 'none' }),
  'channels.list': admin(),
  'channels.restart': admin({ type: 'none' }),
  'config.diff': admin({ from: 1 }),
  'config.get': admin(),
  'config.history': admin(),
  'config.patch': admin({ patch: { gateway: { maxBatchSize: 49 } } }),
  'config.read': admin(),
  'config.rollback': admin({ version: 1 }),
  'config.schema': admin(),
  'config.set': admin({ path: 'gateway.maxBatchSize', value: 48 }),
  'daemon.setLogLevel': admin({ level: 'info' }),
  'delivery.queue.status': admin(),
  'events.subscribe': rpc(),
  'events.unsubscribe': rpc({ subscription: 'none' }),
  'gateway.status': admin(),
  'memory.browse': admin(),
  'memory.delete': admin({ id: 'none' }),
  'memory.export': admin(),
  'memory.flush': admin(),
  'memory.inspect': admin({ id: 'none' }),
  'memory.search': rpc({ query: 'x' }),
  'memory.stats': admin(),
  'memory.store': admin({ content: 'x' }),
  'models.list': admin(),
  'models.list_providers': admin(),
  'models.test': admin({ model: 'builtin/echo' }),
  'obs.billing.byAgent': admin(),
  'obs.billing.byProvider': admin(),
  'obs.billing.bySession': admin(),
  'obs.billing.total': admin(),
  'obs.billing.usage24h': admin(),
  'obs.delivery.recent': admin(),
  'obs.delivery.stats': admin(),
  'obs.diagnostics': admin(),
  'obs.reset': admin(),
  'rpc.cancel': any({ id: 'none' }),
  'rpc.discover': any(),
  'session.compact': admin(OF_SOMEONE),
  'session.delete': admin(OF_SOMEONE),
  'session.export': admin(OF_SOMEONE),
  'session.history': rpc(SESSION),
  'session.list': admin(),
  'session.rename': rpc({ ...SESSION, title: 'x' }),
  'session.reset': admin(OF_SOMEONE),
  'session.search': rpc({ query: 'x' }),
  'session.send': rpc({ ...SESSION, message: 'hi' }),
  'session.status': rpc(SESSION),
  'system.ping': rpc(),
  'system.whoami': any(),
  'tokens.create': admin({ id: 'another', scopes: ['rpc'] }),
  'tokens.list': admin(),
  'tokens.revoke': admin({ id: 'another' }),
  'tokens.rotate': admin({ id: 'mcp' }),
  'tokens.update': admin({ id: 'mcp', tokensPerMinute: 5 }),
  'turn.cancel': rpc({ turnId: 'none' }),
  'turn.list': rpc(),
  'webhooks.discard': admin({ id: 'none' }),
  'webhooks.get': admin({ id: 'none' }),
  'webhooks.list': admin(),
  'webhooks.replay': admin({ id: 'none' })
}
