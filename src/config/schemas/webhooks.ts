import Type, { type Static, type TSchema } from 'typebox'
import { Secret } from './gateway.ts'
import { atRestart, closed, ID_PATTERN } from './marks.ts'

const HEADER_PATTERN = "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$"

const SIGNATURE = {
  algorithm: Type.Enum(['sha256', 'sha384', 'sha512'], { default: 'sha256', description: 'hash of the HMAC' }),
  header: Type.String({
    pattern: HEADER_PATTERN,
    default: 'x-webhook-signature',
    description: 'header that holds the signature'
  }),
  prefix: Type.String({
    maxLength: 64,
    default: '',
    description: 'what stands before it; the algorithm’s name with `=` after it may always stand there'
  }),
  encoding: Type.Enum(['hex', 'base64', 'base64url'], { default: 'hex', description: 'how it is written' }),
  timestampHeader: Type.String({
    pattern: HEADER_PATTERN,
    default: 'x-webhook-timestamp',
    description: 'header that holds the time of sending, in Unix seconds'
  }),
  requireTimestamp: Type.Boolean({ default: false, description: 'refuse a delivery without one' }),
  toleranceSeconds: Type.Integer({
    minimum: 1,
    maximum: 86_400,
    default: 300,
    description: 'how far that time may be off; of the other schemes too'
  })
}

const Signature = Type.Object(SIGNATURE, {
  ...closed,
  default: {},
  description: 'how a delivery of the scheme `hmac` is signed, where its mapping does not say'
})
export type SignatureConfig = Static<typeof Signature>

/** The schemes that a delivery can be verified by. */
export const SCHEMES = ['hmac', 'github', 'standard-webhooks', 'stripe', 'slack', 'bearer'] as const
export type SchemeName = (typeof SCHEMES)[number]

function withoutDefault<T extends TSchema>(schema: T): T {
  const { default: _, ...rest } = schema as T & { default?: unknown }
  return rest as unknown as T
}

/** The same keys; what is left out is as `webhooks.signature` says. */
const OwnSignature = Type.Object(
  {
    algorithm: Type.Optional(withoutDefault(SIGNATURE.algorithm)),
    header: Type.Optional(withoutDefault(SIGNATURE.header)),
    prefix: Type.Optional(withoutDefault(SIGNATURE.prefix)),
    encoding: Type.Optional(withoutDefault(SIGNATURE.encoding)),
    timestampHeader: Type.Optional(withoutDefault(SIGNATURE.timestampHeader)),
    requireTimestamp: Type.Optional(withoutDefault(SIGNATURE.requireTimestamp)),
    toleranceSeconds: Type.Optional(withoutDefault(SIGNATURE.toleranceSeconds))
  },
  { ...closed, description: 'where it differs from `webhooks.signature`' }
)

const Mapping = Type.Object(
  {
    id: Type.String({
      pattern: ID_PATTERN,
      description: 'its turns and sessions belong to the client `webhook:<id>`'
    }),
    match: Type.Object(
      {
        path: Type.String({
          pattern: '^/*[^/?#]{1,100}/*$',
          description: 'what follows `webhooks.path` in the address; case and slashes do not matter'
        }),
        source: Type.Optional(Type.String({ minLength: 1, description: 'only payloads whose `source` is this' }))
      },
      { ...closed, description: 'which deliveries are meant' }
    ),
    scheme: Type.Enum([...SCHEMES], { default: 'hmac', description: 'how a delivery proves who sent it' }),
    secret: Type.Optional(Secret),
    signature: Type.Optional(OwnSignature),
    action: Type.Enum(['agent', 'wake'], {
      default: 'agent',
      description: 'agent: run a turn with the message; wake: tell the agent in its main session'
    }),
    wakeMode: Type.Enum(['now', 'next-heartbeat'], {
      default: 'now',
      description: 'now: a turn at once; next-heartbeat: kept, and handed in with the agent’s next turn'
    }),
    name: Type.Optional(Type.String({ minLength: 1, description: 'shown to people; default: the id' })),
    agentId: Type.Optional(Type.String({ minLength: 1, description: 'who answers; default: the default agent' })),
    sessionKey: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1000,
        description: 'template of the session; default: one for each delivery, or `main` for a wake'
      })
    ),
    messageTemplate: Type.Optional(
      Type.String({ minLength: 1, maxLength: 20_000, description: 'template of what an `agent` is told' })
    ),
    textTemplate: Type.Optional(
      Type.String({ minLength: 1, maxLength: 20_000, description: 'template of what a `wake` tells' })
    ),
    deliver: Type.Boolean({ default: false, description: 'send the answer on, by `channel` to `to`' }),
    channel: Type.Optional(Type.String({ pattern: ID_PATTERN, description: 'a type of `channels`' })),
    to: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1000,
        description: 'template of who gets the answer, in its channel’s words'
      })
    ),
    model: Type.Optional(
      Type.String({ pattern: '^[^/]+/.+$', description: 'as `provider/model`, in place of the agent’s' })
    ),
    timeoutSeconds: Type.Integer({ minimum: 1, maximum: 86_400, default: 300, description: 'longest turn' })
  },
  { ...closed, description: 'a kind of delivery and what becomes of it' }
)
export type MappingConfig = Static<typeof Mapping>

export const Webhooks = Type.Object(
  {
    enabled: Type.Boolean({
      default: false,
      ...atRestart,
      description: 'take deliveries, and work off those there are'
    }),
    path: Type.String({
      pattern: '^(/[A-Za-z0-9._~-]+)+/?$',
      default: '/hooks',
      ...atRestart,
      description: 'address below which they are taken, case and all; a slash at its end does not matter'
    }),
    token: Type.Optional(Secret),
    maxBodyBytes: Type.Integer({
      minimum: 256,
      maximum: 26_214_400,
      default: 262_144,
      ...atRestart,
      description: 'largest delivery; 413 above it'
    }),
    signature: Signature,
    presets: Type.Array(Type.Enum(['gmail', 'github']), {
      default: [],
      uniqueItems: true,
      description: 'mappings that come with the gateway; their secret is `webhooks.token`'
    }),
    mappings: Type.Array(Mapping, {
      default: [],
      maxItems: 500,
      description: 'what is taken; the first that fits counts'
    }),
    concurrency: Type.Integer({ minimum: 1, maximum: 256, default: 4, description: 'deliveries worked on at once' }),
    maxAttempts: Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 5,
      description: 'how often a delivery that fails is tried before it is dead'
    }),
    retryDelayMs: Type.Integer({
      minimum: 10,
      maximum: 3_600_000,
      default: 10_000,
      description: 'longest wait before the second attempt; it doubles with each, up to an hour'
    }),
    keepDays: Type.Number({
      exclusiveMinimum: 0,
      maximum: 3650,
      default: 7,
      description: 'how long a delivery that is done is known; sent again after that, it is a new one'
    }),
    keepDeadDays: Type.Number({
      exclusiveMinimum: 0,
      maximum: 3650,
      default: 30,
      description: 'how long one that failed for good can be replayed'
    })
  },
  { ...closed, default: {} }
)
export type WebhooksConfig = Static<typeof Webhooks>
