import Type, { type Static } from 'typebox'
import { Gateway, Secret } from './schemas/gateway.ts'
import { atRestart, closed, fileOnly, ID_PATTERN } from './schemas/marks.ts'
import { Webhooks } from './schemas/webhooks.ts'

export { Secret } from './schemas/gateway.ts'
export { Scope } from './schemas/scope.ts'
export type { TlsClient, TlsConfig } from './schemas/tls.ts'
export { ID_PATTERN } from './schemas/marks.ts'
export type * from './schemas/webhooks.ts'

const Fallbacks = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1 }), { uniqueItems: true, maxItems: 10, description }))

const Model = Type.Object(
  {
    id: Type.String({ minLength: 1, description: 'the name the provider knows it by' }),
    kind: Type.Enum(['chat', 'embedding'], { default: 'chat', description: 'what it is for' }),
    contextWindow: Type.Optional(
      Type.Integer({
        minimum: 256,
        description: 'tokens it can read; older messages of a session are left out above it'
      })
    ),
    dimensions: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 65_536, description: 'numbers of a vector, for the kind `embedding`' })
    ),
    price: Type.Optional(
      Type.Object(
        {
          input: Type.Number({ minimum: 0, description: 'of what it reads' }),
          output: Type.Number({ minimum: 0, description: 'of what it writes' })
        },
        { ...closed, description: 'USD per million tokens' }
      )
    ),
    fallbacks: Fallbacks('models that answer in its place while it cannot, in this order, as `provider/model`')
  },
  closed
)
export type ModelConfig = Static<typeof Model>

/** How a provider is called, where its configuration does not say. */
export const PROVIDER_DEFAULTS = { timeoutMs: 120_000, maxRetries: 1, breaker: { failures: 5, cooldownMs: 10_000 } }

export const Provider = Type.Object(
  {
    type: Type.Enum(['openai', 'anthropic', 'google', 'openai-compatible', 'ollama', 'builtin'], {
      description: 'the wire format it speaks'
    }),
    baseURL: Type.Optional(
      Type.String({ pattern: '^https?://', description: 'address of its API, as in http://127.0.0.1:8000/v1' })
    ),
    apiKey: Type.Optional(Secret),
    models: Type.Optional(
      Type.Array(Model, { description: 'the only models to offer; left out: whatever the provider lists and takes' })
    ),
    timeoutMs: Type.Integer({
      minimum: 10,
      maximum: 3_600_000,
      default: PROVIDER_DEFAULTS.timeoutMs,
      description:
        'longest silence, before the first byte and between two; five times as long where an answer comes in one piece'
    }),
    maxRetries: Type.Integer({
      minimum: 0,
      maximum: 5,
      default: PROVIDER_DEFAULTS.maxRetries,
      description: 'how often a call that failed before its first token is made again, where no other model is left'
    }),
    breaker: Type.Object(
      {
        failures: Type.Integer({
          minimum: 0,
          maximum: 1000,
          default: PROVIDER_DEFAULTS.breaker.failures,
          description:
            'calls that fail in a row, by its own fault, before it is not called for a while; 0: it always is'
        }),
        cooldownMs: Type.Integer({
          minimum: 10,
          maximum: 3_600_000,
          default: PROVIDER_DEFAULTS.breaker.cooldownMs,
          description: 'that while, at first; it doubles, up to five minutes, as long as it fails again'
        })
      },
      { ...closed, default: {} }
    )
  },
  { ...closed, description: 'where models come from' }
)
export type ProviderConfig = Static<typeof Provider>

export const Agent = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, description: 'shown to people; default: the id' })),
    provider: Type.Optional(
      Type.String({ description: 'a provider id; default: the first that is configured or found' })
    ),
    model: Type.Optional(Type.String({ description: 'a model of that provider; default: its first or usual one' })),
    fallbacks: Fallbacks(
      'models that answer while its own cannot, in this order, as `provider/model`; default: those of its model'
    ),
    systemPrompt: Type.Optional(Type.String({ description: 'goes before every conversation' })),
    tools: Type.Array(Type.String(), {
      default: [],
      description: 'names of the tools it may run: current_time, memory_store, memory_search, and those of the host'
    }),
    memory: Type.Object(
      {
        recall: Type.Boolean({
          default: true,
          description: 'give it what it remembers of a message, before each turn'
        }),
        maxTokens: Type.Integer({
          minimum: 0,
          maximum: 100_000,
          default: 500,
          description: 'most tokens that may take, by an estimate'
        })
      },
      { ...closed, default: {}, description: 'what it remembers; it stores by the tool memory_store' }
    ),
    maxSteps: Type.Integer({ minimum: 1, maximum: 1000, default: 10, description: 'calls of the model in one turn' }),
    maxOutputTokens: Type.Optional(Type.Integer({ minimum: 1, description: 'limit of one answer' })),
    temperature: Type.Optional(
      Type.Number({ minimum: 0, maximum: 2, description: 'how freely it picks words; default: the provider’s' })
    ),
    historyLimit: Type.Integer({
      minimum: 0,
      maximum: 10_000,
      default: 100,
      description: 'earlier messages it is given'
    }),
    timeoutSeconds: Type.Integer({ minimum: 1, maximum: 86_400, default: 600, description: 'longest turn' }),
    suspended: Type.Boolean({ default: false, description: 'true: its turns are refused with 409' })
  },
  { ...closed, description: 'who answers' }
)
export type AgentConfig = Static<typeof Agent>

const Sessions = Type.Object(
  {
    idleMinutes: Type.Number({
      exclusiveMinimum: 0,
      maximum: 52_560_000,
      default: 10_080,
      description: 'a session that is idle for this long expires: its next message starts a new conversation'
    })
  },
  { ...closed, default: {} }
)

export const Channel = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'false: it is not listed' }),
    name: Type.Optional(Type.String({ minLength: 1, description: 'shown to people; default: the type' }))
  },
  { ...closed, description: 'a way by which messages reach people; an embedding application brings what serves it' }
)

const Embeddings = Type.Union(
  [
    Type.Literal(false),
    Type.Object(
      {
        provider: Type.String({ minLength: 1, description: 'a provider id' }),
        model: Type.String({ minLength: 1, description: 'a model of that provider' })
      },
      closed
    )
  ],
  {
    ...atRestart,
    description:
      '{ provider, model }: what texts are turned into vectors with; left out: offline/embeddings-en; false: nothing'
  }
)

export const DEFAULT_DATA_DIR = '~/.comis-gateway'

/**
 * The whole configuration: the file, the object a host application passes, and what the gateway runs on are all this.
 * `config.schema.json` is this schema, published for editors.
 */
export const Config = Type.Object(
  {
    gateway: Gateway,
    agents: Type.Record(Type.String({ pattern: ID_PATTERN }), Agent, {
      propertyNames: { pattern: ID_PATTERN },
      minProperties: 1,
      default: { default: {} },
      description: 'agents by id; `default` (or else the first) answers when a request names none'
    }),
    providers: Type.Optional(
      Type.Record(Type.String({ pattern: ID_PATTERN }), Provider, {
        propertyNames: { pattern: ID_PATTERN },
        description: 'providers by id; left out: found from the environment. The id `agent` is reserved'
      })
    ),
    embeddings: Type.Optional(Embeddings),
    sessions: Sessions,
    webhooks: Webhooks,
    channels: Type.Record(Type.String({ pattern: ID_PATTERN }), Channel, {
      propertyNames: { pattern: ID_PATTERN },
      default: {},
      description: 'channels by type'
    }),
    dataDir: Type.String({
      minLength: 1,
      default: DEFAULT_DATA_DIR,
      ...fileOnly,
      description: 'database and generated secrets'
    })
  },
  { ...closed, default: {}, title: 'comis-gateway configuration' }
)
export type Config = Static<typeof Config>

/** What a file or a host may write: every key that has a default may be left out. */
export type ConfigInput = Input<Config>
type Input<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends (infer Item)[]
    ? Input<Item>[]
    : { [K in keyof T]?: Input<T[K]> }
