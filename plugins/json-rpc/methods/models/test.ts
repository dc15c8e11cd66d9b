import Type from 'typebox'
import { tryModel } from '../../../../src/turns/try-model.ts'
import { tokensUsed } from '../../../chat/answer.ts'
import { FinishReason, TokensUsed } from '../../../chat/schema.ts'
import { defineMethod } from '../../method.ts'

const milliseconds = (description: string) => Type.Integer({ description: `Milliseconds ${description}.` })

const Worked = Type.Object({
  ok: Type.Literal(true),
  model: Type.String({ description: '`provider/model`.' }),
  turnId: Type.String(),
  firstTokenMs: Type.Optional(milliseconds('to the first piece of the answer; left out: there was none')),
  totalMs: milliseconds('to its end'),
  text: Type.String({ description: 'The answer; empty where the model only reasoned.' }),
  tokensUsed: TokensUsed,
  finishReason: FinishReason
})

const Failed = Type.Object({
  ok: Type.Literal(false),
  model: Type.String({ description: '`provider/model`.' }),
  turnId: Type.String(),
  totalMs: milliseconds('to the failure'),
  error: Type.Object({ code: Type.String({ description: 'As in `data.code` of errors.' }), message: Type.String() })
})

export const test = defineMethod({
  name: 'models.test',
  scope: 'admin',
  summary: 'Ask a model a tiny question',
  description: `A turn like any other: the provider is called, tokens are used and counted, and it can be cancelled. It takes
at most some 30 s. What the provider answers is the result, also where that is an error.`,
  params: Type.Object({ model: Type.String({ description: '`provider/model`.' }) }),
  result: Type.Union([Worked, Failed]),
  handler: async ({ model: name }, { services, by, leaving, cancelled }) => {
    const ref = await services.catalog.find(name)
    const tried = await tryModel({ model: ref, by, turns: services.turns, leaving, cancelled })
    const { turnId, totalMs, firstTokenMs, text, usage, finishReason, error } = tried
    const told = { model: `${ref.providerId}/${ref.model}`, turnId, totalMs }
    if (error) return { ...told, ok: false as const, error: { code: error.code, message: error.message } }
    return { ...told, ok: true as const, firstTokenMs, text, tokensUsed: tokensUsed(usage), finishReason }
  }
})
