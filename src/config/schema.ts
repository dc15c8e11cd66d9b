import Type, { type Static } from 'typebox'

const closed = { additionalProperties: false }
/** What clients, agents, providers and channels may be called. */
export const ID_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'

/** The scopes a token may hold. They are flat: none implies another, but `*` stands for all except `mcp-client`. */
export const Scope = Type.Enum(['rpc', 'admin', 'api', 'mcp-client', '*'], {
  description:
    'rpc: client operations; admin: operate the gateway; api: only /v1; mcp-client: only /mcp/v1; *: all others'
})
export type Scope = Static<typeof Scope>

/** A secret in place, or the path of a file that holds it (white space at its ends is dropped). */
export const Secret = Type.Union(
  [Type.String({ minLength: 1 }), Type.Object({ file: Type.String({ minLength: 1 }) }, closed)],
  { description: 'the secret itself, or { file: path }' }
)
export type Secret = Static<typeof Secret>

const Token = Type.Object(
  {
    id: Type.String({
      pattern: ID_PATTERN,
      description: 'the client id: it names the client in logs and owns its sessions'
    }),
    secret: Type.Optional(Secret),
    secretHash: Type.Optional(
      Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the secret in lower-case hex, in place of it' })
    ),
    scopes: Type.Array(Scope, { minItems: 1, description: 'what the token may do' }),
    expiresAt: Type.Optional(Type.String({ format: 'date-time', description: 'after this the token is refused' }))
  },
  { ...closed, description: 'a bearer token: `secret` of at least 32 characters, or `secretHash`' }
)

const Web = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'serve /, /app/* and /api/*' }),
    distPath: Type.Optional(
      Type.String({ description: 'folder of a dashboard of your own, in place of the bundled one' })
    ),
    webDistPath: Type.Optional(Type.String({ description: 'another name of `distPath`' }))
  },
  { ...closed, default: {} }
)

const RateLimit = Type.Object(
  {
    windowMs: Type.Integer({
      minimum: 1000,
      maximum: 86_400_000,
      default: 60_000,
      description: 'length of the window'
    }),
    maxRequests: Type.Integer({ minimum: 1, maximum: 1_000_000_000, default: 100, description: 'requests in a window' })
  },
  { ...closed, default: {}, description: 'per client id, else per address; /health and /api/health are exempt' }
)

const WsMessageRateLimit = Type.Object(
  {
    maxMessages: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: 60,
      description: 'messages in any stretch of that length'
    }),
    windowMs: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 60_000,
      description: 'length of the window'
    })
  },
  { ...closed, default: {}, description: 'per WebSocket; a message counts once, whatever it holds' }
)

const Events = Type.Object(
  {
    keepHours: Type.Number({
      exclusiveMinimum: 0,
      maximum: 87_600,
      default: 168,
      description: 'events older than this are dropped'
    }),
    keepCount: Type.Integer({
      minimum: 0,
      maximum: 10_000_000,
      default: 100_000,
      description: 'how many events are kept for readers that come back'
    }),
    readerBufferBytes: Type.Integer({
      minimum: 16_384,
      maximum: 268_435_456,
      default: 1_048_576,
      description: 'a reader that falls this far behind is cut off; it can resume'
    }),
    stallMs: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 30_000,
      description: 'a reader that takes nothing for this long is cut off; it can resume'
    })
  },
  { ...closed, default: {}, description: 'the stream of events and its journal' }
)

const Gateway = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'false: nothing is served' }),
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: 'address to listen on' }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 4766,
      description: 'port to listen on; 0 picks a free one'
    }),
    tokens: Type.Array(Token, { default: [], description: 'bearer tokens; with none the first start makes one' }),
    rateLimit: RateLimit,
    trustedProxies: Type.Array(Type.String(), {
      default: [],
      description: 'addresses or CIDR ranges whose X-Forwarded-For counts'
    }),
    wsMessageRateLimit: WsMessageRateLimit,
    wsMaxMessageBytes: Type.Integer({
      minimum: 1024,
      maximum: 268_435_456,
      default: 1_048_576,
      description: 'largest message of a WebSocket; above it an error, at four times of it the socket is closed'
    }),
    wsHeartbeatMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      default: 30_000,
      description: 'time between two `heartbeat` notifications to every WebSocket; 0: none'
    }),
    maxBatchSize: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 50,
      description: 'calls in one JSON-RPC batch'
    }),
    httpBodyLimitBytes: Type.Integer({
      minimum: 1024,
      maximum: 1_073_741_824,
      default: 1_048_576,
      description: 'largest request body; 413 above it'
    }),
    corsOrigins: Type.Array(Type.String(), {
      default: [],
      description: 'origins that may call from a browser; empty: same origin only; ["*"]: any'
    }),
    allowInsecureHttp: Type.Boolean({
      default: false,
      description: 'silences the warning about plain HTTP on an address that is not loopback'
    }),
    web: Web,
    docs: Type.Enum(['public', 'token', 'off'], {
      default: 'public',
      description: 'who may read /openapi.json and /docs: everyone, any token, nobody'
    }),
    events: Events,
    stallMs: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 30_000,
      description: 'a client that takes nothing of its stream for this long is cut off and its turn aborted'
    }),
    shutdownGraceMs: Type.Integer({
      minimum: 0,
      maximum: 600_000,
      default: 10_000,
      description: 'how long running turns may go on after SIGTERM'
    })
  },
  { ...closed, default: {} }
)

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
    )
  },
  closed
)
export type ModelConfig = Static<typeof Model>

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
      default: 120_000,
      description: 'longest silence, before the first byte and between two'
    })
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
      minProperties: 1,
      default: { default: {} },
      description: 'agents by id; `default` (or else the first) answers when a request names none'
    }),
    providers: Type.Optional(
      Type.Record(Type.String({ pattern: ID_PATTERN }), Provider, {
        description: 'providers by id; left out: found from the environment. The id `agent` is reserved'
      })
    ),
    embeddings: Type.Optional(Embeddings),
    sessions: Sessions,
    channels: Type.Record(Type.String({ pattern: ID_PATTERN }), Channel, {
      default: {},
      description: 'channels by type'
    }),
    dataDir: Type.String({ minLength: 1, default: DEFAULT_DATA_DIR, description: 'database and generated secrets' })
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
