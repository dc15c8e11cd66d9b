import t from 'tap'
import { parseConfig } from '../../src/config/parse.ts'
import type { ConfigInput } from '../../src/config/schema.ts'

const issuesOf = (input: unknown): string[] => {
  try {
    parseConfig(input as ConfigInput)
    return []
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
  }
}

t.test('an empty configuration has every default', async (t) => {
  const config = parseConfig({})
  t.match(config, {
    gateway: {
      enabled: true,
      host: '127.0.0.1',
      port: 4766,
      tokens: [],
      rateLimit: { windowMs: 60_000, maxRequests: 100 },
      httpBodyLimitBytes: 1_048_576,
      web: { enabled: true },
      docs: 'public'
    },
    agents: { default: { maxSteps: 10, historyLimit: 100, tools: [], suspended: false } },
    dataDir: '~/.comis-gateway'
  })
  t.equal(config.providers, undefined)
})

t.test('the input is not changed, and a parsed configuration parses to itself', async (t) => {
  const input = { gateway: { port: 1 }, agents: { a: { tools: ['x'] } } }
  const config = parseConfig(input)
  t.same(input, { gateway: { port: 1 }, agents: { a: { tools: ['x'] } } })
  t.same(parseConfig(config), config)
})

t.test('a section that is empty in YAML means its defaults', async (t) => {
  t.equal(parseConfig({ gateway: null } as unknown as ConfigInput).gateway.port, 4766)
})

t.test('what is wrong is told by path, expectation and the likely meaning', async (t) => {
  const cases: [unknown, string][] = [
    [{ gatway: {} }, 'gatway: unknown key; did you mean "gateway"?'],
    [{ gateway: { prot: 1 } }, 'gateway.prot: unknown key; did you mean "port"?'],
    [{ gateway: { quite_unlike_any: 1 } }, 'gateway.quite_unlike_any: unknown key'],
    [{ gateway: { port: '80' } }, 'gateway.port: expected an integer from 0 to 65535'],
    [{ gateway: { port: 70_000 } }, 'gateway.port: expected an integer from 0 to 65535'],
    [{ gateway: { docs: 'pubic' } }, 'gateway.docs: expected one of "public", "token", "off"'],
    [{ gateway: { enabled: 'yes' } }, 'gateway.enabled: expected true or false'],
    [{ gateway: { tokens: {} } }, 'gateway.tokens: expected a list'],
    [{ agents: [] }, 'agents: expected a mapping of at least 1 key'],
    [{ agents: {} }, 'agents: expected a mapping of at least 1 key'],
    [{ agents: { a: { maxSteps: 0 } } }, 'agents.a.maxSteps: expected an integer from 1 to 1000'],
    [{ agents: { a: { promt: '' } } }, 'agents.a.promt: unknown key'],
    [
      { providers: { p: { type: 'openia' } } },
      'providers.p.type: expected one of "openai", "anthropic", "google", "openai-compatible", "ollama", "builtin"'
    ],
    [
      { providers: { p: {} } },
      'providers.p.type: missing: expected one of "openai", "anthropic", "google", "openai-compatible", "ollama", "builtin"'
    ],
    [
      { providers: { p: { type: 'openai', apiKey: 5 } } },
      'providers.p.apiKey: expected the secret itself, or { file: path }'
    ],
    [{ providers: { agent: { type: 'openai' } } }, 'providers.agent: the id "agent" is reserved'],
    [
      { providers: { p: { type: 'openai-compatible' } } },
      'providers.p.baseURL: missing: an openai-compatible provider needs it'
    ],
    [{ providers: {}, agents: { a: { provider: 'p' } } }, 'agents.a.provider: there is no provider "p"'],
    [
      { providers: { offline: { type: 'ollama' } } },
      'providers.offline: the id "offline" is reserved for the offline embedding model'
    ]
  ]
  for (const [input, issue] of cases) t.same(issuesOf(input), [issue], issue)
})

t.test('what embeds has to be there', async (t) => {
  const models = [{ id: 'small' }, { id: 'embed', kind: 'embedding', dimensions: 768 }]
  const providers = { local: { type: 'ollama', models }, open: { type: 'ollama' } }
  const issues = (embeddings: unknown) => issuesOf({ providers, embeddings })
  for (const usable of [
    false,
    { provider: 'local', model: 'embed' },
    { provider: 'open', model: 'anything' },
    { provider: 'offline', model: 'embeddings-en' }
  ]) {
    t.same(issues(usable), [])
  }
  t.same(issues({ provider: 'other', model: 'x' }), ['embeddings.provider: there is no provider "other"'])
  t.same(issues({ provider: 'local', model: 'small' }), [
    'embeddings.model: providers.local.models has no "small" with `kind: embedding`'
  ])
  t.same(issues({ provider: 'offline', model: 'x' }), ['embeddings.model: the offline model is "embeddings-en"'])
  t.match(issues(true)[0], /^embeddings: expected \{ provider, model \}/)
  t.match(issues({ provider: 'local' })[0], /^embeddings: expected/)
  t.same(issuesOf({ embeddings: { provider: 'found', model: 'later' } }), [], 'the environment may have it')
  t.same(issuesOf({ providers: { p: { type: 'ollama', models: [{ id: 'x', dimensions: 0 }] } } }), [
    'providers.p.models.0.dimensions: expected an integer from 1 to 65536'
  ])
})

t.test('tokens that cannot be meant are refused', async (t) => {
  const secret = 'x'.repeat(32)
  const token = (more: object) => ({ gateway: { tokens: [{ id: 'a', secret, scopes: ['rpc'], ...more }] } })
  t.same(issuesOf(token({})), [])
  t.same(issuesOf(token({ secret: 'short' })), ['gateway.tokens.0.secret: expected at least 32 characters'])
  t.same(issuesOf(token({ scopes: [] })), ['gateway.tokens.0.scopes: expected a list of at least 1'])
  t.match(issuesOf(token({ scopes: ['root'] }))[0], /scopes\.0: expected one of "rpc"/)
  t.match(issuesOf(token({ scopes: ['rpc', 'mcp-client'] }))[0], /cannot stand beside/)
  t.match(issuesOf(token({ secretHash: 'ab' }))[0], /secretHash: expected a string that matches/)
  t.match(issuesOf(token({ secretHash: 'a'.repeat(64) }))[0], /either `secret` or `secretHash`/)
  t.match(issuesOf(token({ expiresAt: 'tomorrow' }))[0], /format date-time/)
  const two = { gateway: { tokens: [token({}).gateway.tokens[0], token({}).gateway.tokens[0]] } }
  t.match(issuesOf(two)[0], /tokens\.1\.id: "a" is used by another token/)
})

t.test('no issue repeats the value that is at fault', async (t) => {
  const secret = 'sk-value-that-must-not-be-shown'
  const input = { gateway: { tokens: [{ id: 'a', secret, scopes: ['rpc'] }], port: secret, [secret]: 1 } }
  const issues = issuesOf(input).filter((issue) => !issue.includes('unknown key'))
  t.equal(
    issues.some((issue) => issue.includes(secret)),
    false
  )
})

t.test('ids are checked', async (t) => {
  const unusable = 'not a usable name: it must match ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'
  t.same(issuesOf({ agents: { '../x': {} } }), [`agents.../x: ${unusable}`])
  t.same(issuesOf({ providers: { 'a b': { type: 'openai' } } }), [`providers.a b: ${unusable}`])
  t.same(issuesOf({ channels: { '': {} } }), [`channels.: ${unusable}`])
})

t.test('keys that would reach a prototype are unknown keys', async (t) => {
  t.match(issuesOf(JSON.parse('{"__proto__":{"polluted":1}}')), ['__proto__: unknown key'])
  t.match(issuesOf(JSON.parse('{"agents":{"__proto__":{"name":"x"}}}')), ['agents.__proto__: unknown key'])
  t.equal(({} as { polluted?: number }).polluted, undefined)
})
