import Type, { type Static } from 'typebox'
import { atRestart, closed, ID_PATTERN } from './marks.ts'

const window = {
  windowMs: Type.Integer({ minimum: 1000, maximum: 86_400_000, default: 60_000, description: 'length of the window' }),
  maxRequests: Type.Integer({ minimum: 1, maximum: 1_000_000_000, default: 100, description: 'requests in a window' })
}

export const RateLimit = Type.Object(window, {
  ...closed,
  default: {},
  description: 'per client id, else per address; /health and /api/health are exempt'
})

/** How much may be used up in a period of the calendar (UTC; a week begins on Monday). */
export const Budget = Type.Object(
  {
    usd: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000_000, description: 'US dollars' })),
    tokens: Type.Optional(Type.Integer({ minimum: 1, description: 'tokens, in and out' })),
    per: Type.Enum(['day', 'week', 'month'], { description: 'of the calendar in UTC; a week begins on Monday' }),
    group: Type.Optional(
      Type.String({ pattern: ID_PATTERN, description: 'tokens that name one group share one budget, the same for all' })
    )
  },
  { ...closed, description: 'what may be used up in a period: either `usd` or `tokens`; default: no limit' }
)
export type Budget = Static<typeof Budget>

/** What a token may use, and how much of it. What is left out has no limit of its own. */
export const tokenLimits = {
  agents: Type.Optional(
    Type.Array(Type.String({ pattern: ID_PATTERN }), {
      maxItems: 1000,
      description: 'the agents it may ask; default: all'
    })
  ),
  models: Type.Optional(
    Type.Array(Type.String({ pattern: '^[^/*]+/(\\*|[^*]+)$' }), {
      maxItems: 1000,
      description:
        'the models it may name, as `provider/model` or `provider/*`; an agent uses its own all the same; default: all'
    })
  ),
  rateLimit: Type.Optional(
    Type.Object(window, { ...closed, description: 'its own HTTP requests, in place of `gateway.rateLimit`' })
  ),
  tokensPerMinute: Type.Optional(
    Type.Integer({ minimum: 1, description: 'tokens, in and out, in any minute; default: no limit' })
  ),
  budget: Type.Optional(Budget)
}
const TokenLimits = Type.Object(tokenLimits)
export type TokenLimits = Static<typeof TokenLimits>

const most = (value: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 1_000_000, default: value, description })

export const TurnLimits = Type.Object(
  {
    maxConcurrent: most(2000, 'turns that run at the same time'),
    maxPerClient: most(500, 'of these, those of one client id'),
    maxQueued: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: 2000,
      description: 'turns that wait for a place; half of them at most of one client id; 503 beyond'
    }),
    queueMs: Type.Integer({
      minimum: 1,
      maximum: 3_600_000,
      default: 30_000,
      description: 'longest that a turn waits for a place; 503 then'
    })
  },
  { ...closed, default: {}, description: 'how many turns run at the same time, and wait' }
)
export type TurnLimits = Static<typeof TurnLimits>

const bytes = (description: string) => Type.Integer({ minimum: 0, default: 0, description })

export const Pressure = Type.Object(
  {
    maxEventLoopDelayMs: Type.Integer({
      minimum: 0,
      maximum: 600_000,
      default: 3000,
      description: 'mean delay of the event loop over five seconds; 0: not looked at'
    }),
    maxHeapUsedBytes: bytes('heap in use; 0: not looked at'),
    maxRssBytes: bytes('memory of the process; 0: not looked at')
  },
  {
    ...closed,
    ...atRestart,
    default: {},
    description: 'above one of these everything but /health and /api/health is refused with 503'
  }
)
export type Pressure = Static<typeof Pressure>
