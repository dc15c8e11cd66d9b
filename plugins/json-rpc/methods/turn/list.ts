import Type from 'typebox'
import { describeTurn } from '../../../../src/turns/describe.ts'
import { TurnList } from '../../../schemas/turns.ts'
import { defineMethod } from '../../method.ts'

export const list = defineMethod({
  name: 'turn.list',
  scope: 'rpc',
  summary: 'List running turns: one’s own, for the scope `admin` those of all',
  params: Type.Object({}),
  result: TurnList,
  handler: (_params, { services, by }) => ({ turns: services.turns.list(by).map(describeTurn) })
})
