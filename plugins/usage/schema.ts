import Type from 'typebox'
import type * as domain from '../../src/storage/port.ts'
import type * as usage from '../../src/usage/usage.ts'

const nullable = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description })
const cost = Type.Number({ description: 'As far as it is known: models without a price in the configuration cost 0.' })
const time = (description: string) => Type.Integer({ description: `${description}, in milliseconds since the epoch.` })

const sums = {
  turns: Type.Integer({ description: 'Turns that ended.' }),
  failed: Type.Integer({ description: 'Those of them that ended in an error.' }),
  tokens: Type.Object({
    input: Type.Integer(),
    output: Type.Integer(),
    cachedInput: Type.Integer({ description: 'Part of `input`.' }),
    reasoning: Type.Integer({ description: 'Part of `output`.' }),
    total: Type.Integer({ description: '`input` and `output`.' })
  }),
  costUsd: cost
}

export const Sums = Type.Object(sums)

export const TotalUsage = Type.Object({
  ...sums,
  since: Type.Optional(time('From when on is counted: what was asked for, the last reset, or the first turn')),
  unpriced: Type.Object(
    { turns: Type.Integer(), tokens: Type.Integer() },
    { description: 'What the cost leaves out: of models that had no price.' }
  )
})

export const HourUsage = Type.Object({ start: time('When the hour begins'), ...sums })

export const ProviderUsage = Type.Object({
  provider: nullable('Null: turns that ended before a model answered.'),
  ...sums,
  models: Type.Array(Type.Object({ model: nullable('Null: as for the provider.'), ...sums }))
})

export const AgentUsage = Type.Object({ agentId: nullable('Null: turns of a model alone, on `/v1`.'), ...sums })

export const SessionUsage = Type.Object({
  clientId: Type.String(),
  sessionKey: Type.String(),
  lastAt: time('When its last turn ended'),
  ...sums
})

/** Whose usage, and of which time. */
export const period = {
  since: Type.Optional(time('Only turns that ended at this time or later; taken down to its hour')),
  until: Type.Optional(time('Only turns that ended before this time; taken up to its hour')),
  clientId: Type.Optional(Type.String({ description: 'Only turns of this client.' }))
}

/** Sums as clients see them. */
export const toSums = ({ turns, failed, input, output, cachedInput, reasoning, costUsd }: domain.UsageSums) => ({
  turns,
  failed,
  tokens: { input, output, cachedInput, reasoning, total: input + output },
  costUsd
})

export const toUnpriced = ({ unpricedTurns, unpricedTokens }: domain.PricedSums) => ({
  turns: unpricedTurns,
  tokens: unpricedTokens
})

const toModel = (sums: domain.ModelUsage) => ({ model: sums.model ?? null, ...toSums(sums) })

export const toProvider = (sums: usage.ProviderUsage) => ({
  provider: sums.provider ?? null,
  ...toSums(sums),
  models: sums.models.map(toModel)
})

export const toSession = (sums: domain.SessionUsage) => ({
  clientId: sums.clientId,
  sessionKey: sums.key,
  lastAt: sums.lastAt,
  ...toSums(sums)
})
