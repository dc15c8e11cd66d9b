import Type, { type Static } from 'typebox'
import { Pressure, RateLimit, tokenLimits, TurnLimits } from './limits.ts'
import { atRestart, closed, fileOnly, ID_PATTERN } from './marks.ts'
import { Scope } from './scope.ts'
import { Timeouts } from './timeouts.ts'
import { Tls } from './tls.ts'

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
    expiresAt: Type.Optional(Type.String({ format: 'date-time', description: 'after this the token is refused' })),
    ...tokenLimits
  },
  { ...closed, description: 'a bearer token: `secret` of at least 32 characters, or `secretHash`' }
)

const Web = Type.Object(
  {
    enabled: Type.Boolean({ default: true, description: 'serve /, /app/* and /api/*' }),
    distPath: Type.Optional(
      Type.String({ ...fileOnly, description: 'folder of a dashboard of your own, in place of the bundled one' })
    ),
    webDistPath: Type.Optional(Type.String({ ...fileOnly, description: 'another name of `distPath`' }))
  },
  { ...closed, ...atRestart, default: {} }
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
      ...atRestart,
      description: 'a reader that falls this far behind is cut off; it can resume'
    }),
    stallMs: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 30_000,
      ...atRestart,
      description: 'a reader that takes nothing for this long is cut off; it can resume'
    })
  },
  { ...closed, default: {}, description: 'the stream of events and its journal' }
)

const Media = Type.Object(
  {
    public: Type.Boolean({
      default: false,
      ...atRestart,
      description: 'true: whoever knows an id may read it; uploads and the list still need a token'
    }),
    ttlSeconds: Type.Integer({
      minimum: 0,
      maximum: 3_153_600_000,
      default: 86_400,
      description: 'a file older than this is gone (410); 0: files are kept'
    }),
    maxUploadBytes: Type.Integer({
      minimum: 1,
      maximum: 1_099_511_627_776,
      default: 1_073_741_824,
      description: 'largest upload; 413 above it'
    }),
    quotaBytes: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      default: 10_737_418_240,
      description: 'most that all files may take together; uploads get 507 above it'
    }),
    maxUploads: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 32,
      description: 'uploads that go on at the same time; 503 beyond'
    }),
    maxUploadsPerClient: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 8,
      description: 'of these, those of one client id'
    })
  },
  { ...closed, default: {}, description: 'files that clients upload and read below `/media`' }
)

const Telemetry = Type.Union(
  [
    Type.Literal(false),
    Type.Object(
      {
        otlpEndpoint: Type.Optional(
          Type.String({ pattern: '^https?://', description: 'address of a collector that takes OTLP over HTTP' })
        ),
        headers: Type.Optional(
          Type.Record(Type.String({ pattern: "^[!#-'*+.0-9A-Z^-z|~-]+$" }), Secret, {
            description: 'sent with the traces, for a collector that wants a key'
          })
        ),
        serviceName: Type.Optional(Type.String({ minLength: 1, description: 'what they are filed under' })),
        sampleRatio: Type.Optional(
          Type.Number({ minimum: 0, maximum: 1, description: 'which part of the traces that begin here is sent' })
        )
      },
      closed
    )
  ],
  {
    ...fileOnly,
    description:
      '{ otlpEndpoint, headers, serviceName, sampleRatio }: where traces are sent; left out: as OTEL_* variables say; false: nowhere'
  }
)

const Metrics = Type.Union([Type.Enum(['public', 'token', 'off']), Type.Object({ token: Secret }, closed)], {
  default: 'token',
  ...atRestart,
  description:
    'who may read /metrics: everyone, a token with the scope admin, nobody; { token }: whoever has this one, of at least 32 characters, which opens nothing else, and admins'
})

export const Gateway = Type.Object(
  {
    enabled: Type.Boolean({ default: true, ...fileOnly, description: 'false: nothing is served' }),
    host: Type.String({ minLength: 1, default: '127.0.0.1', ...atRestart, description: 'address to listen on' }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 4766,
      ...atRestart,
      description: 'port to listen on; 0 picks a free one'
    }),
    tls: Type.Optional(Tls),
    tokens: Type.Array(Token, {
      default: [],
      ...fileOnly,
      description: 'bearer tokens; with none the first start makes one'
    }),
    rateLimit: RateLimit,
    turns: TurnLimits,
    pressure: Pressure,
    trustedProxies: Type.Array(Type.String(), {
      default: [],
      description: 'addresses or CIDR ranges whose X-Forwarded-For counts'
    }),
    wsMessageRateLimit: WsMessageRateLimit,
    wsMaxMessageBytes: Type.Integer({
      minimum: 1024,
      maximum: 268_435_456,
      default: 1_048_576,
      ...atRestart,
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
      ...atRestart,
      description: 'largest request body; 413 above it'
    }),
    corsOrigins: Type.Array(Type.String(), {
      default: [],
      ...atRestart,
      description: 'origins that may call from a browser; empty: same origin only; ["*"]: any'
    }),
    allowedHosts: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description:
        'names (of the Host header) by which a gateway on loopback may be asked, beside localhost and its own address'
    }),
    allowInsecureHttp: Type.Boolean({
      default: false,
      ...atRestart,
      description: 'silences the warning about plain HTTP on an address that is not loopback'
    }),
    web: Web,
    timeouts: Timeouts,
    docs: Type.Enum(['public', 'token', 'off'], {
      default: 'public',
      ...atRestart,
      description: 'who may read /openapi.json and /docs: everyone, any token, nobody'
    }),
    media: Media,
    metrics: Metrics,
    telemetry: Type.Optional(Telemetry),
    events: Events,
    stallMs: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 30_000,
      description: 'a client that takes nothing of its stream for this long is cut off and its turn aborted'
    }),
    drainMs: Type.Integer({
      minimum: 0,
      maximum: 600_000,
      default: 0,
      ...atRestart,
      description:
        'how long /health/ready says 503 after SIGTERM before requests are refused, for load balancers to see it'
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
