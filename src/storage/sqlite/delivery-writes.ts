import type { DatabaseSync } from 'node:sqlite'
import type { FinishedTurn, HeldText } from '../port.ts'
import type { AppendEvents } from './events.ts'

const FULFIL = `
  UPDATE deliveries SET state = ?1, sending = ?2, attempts = iif(?2, 0, attempts), interruptions = 0, due_at = ?3,
    finished_at = ?4, agent_id = ?5, reason = ?7
  WHERE id = ?6 AND state = 'running' RETURNING seq`
const KEEP_ANSWER = 'UPDATE delivery_contents SET answer = ? WHERE seq = ?'
const HANDED = `
  SELECT id, mapping_id AS mappingId, received_at AS receivedAt FROM deliveries WHERE state = 'handed' AND handed_to = ?`
const HANDED_IN = `UPDATE deliveries SET state = 'done', finished_at = ? WHERE state = 'handed' AND handed_to = ?`
const MOST_HAND_INS = 3
const HOLD_AGAIN = `
  UPDATE deliveries SET state = 'held', handed_to = NULL, hand_ins = hand_ins + ? WHERE state = 'handed' AND handed_to = ?`
const GIVE_UP = `
  UPDATE deliveries SET state = 'dead', finished_at = ?, reason = ?, handed_to = NULL
  WHERE state = 'handed' AND handed_to = ? AND hand_ins >= ${MOST_HAND_INS - 1}
  RETURNING id, mapping_id AS mappingId, received_at AS receivedAt`
const GIVEN_UP = `The agent’s turn failed ${MOST_HAND_INS} times with it`

/** What the store of turns does for deliveries, within its own writes. */
export interface DeliveryWrites {
  /** Ends what a turn was started by, and what was handed in with it. */
  finish(turn: FinishedTurn): void
}

export function deliveryWrites(db: DatabaseSync, append: AppendEvents): DeliveryWrites {
  const prepare = (sql: string) => db.prepare(sql)
  const [fulfil, keepAnswer, handed] = [FULFIL, KEEP_ANSWER, HANDED].map(prepare) as [Statement, Statement, Statement]
  const [handedIn, holdAgain, giveUp] = [HANDED_IN, HOLD_AGAIN, GIVE_UP].map(prepare) as [
    Statement,
    Statement,
    Statement
  ]

  function fulfilNow({ fulfils, finishedAt, agentId }: FinishedTurn): void {
    if (!fulfils) return
    const { deliveryId, answer, unsent } = fulfils
    const end = answer ? ['waiting', 1, finishedAt, null] : ['done', 0, null, finishedAt]
    const row = fulfil.get(...end, agentId ?? null, deliveryId, unsent ?? null) as { seq: number } | undefined
    if (row && answer) keepAnswer.run(JSON.stringify(answer), row.seq)
  }

  /** A client that left is no fault of the texts; what makes every turn fail is not to be told for ever. */
  function keepAgain({ id, finishReason, finishedAt, toGivenUp }: FinishedTurn): void {
    const hasFailed = finishReason === 'error'
    if (hasFailed) {
      const dead = giveUp.all(finishedAt, GIVEN_UP, id) as unknown as Omit<HeldText, 'text'>[]
      if (toGivenUp) append(dead.map((text) => toGivenUp(text, GIVEN_UP)))
    }
    holdAgain.run(hasFailed ? 1 : 0, id)
  }

  return {
    finish(turn) {
      fulfilNow(turn)
      const texts = handed.all(turn.id) as unknown as Omit<HeldText, 'text'>[]
      if (texts.length === 0) return
      if (turn.finishReason === 'error' || turn.finishReason === 'aborted') return keepAgain(turn)
      handedIn.run(turn.finishedAt, turn.id)
      if (turn.toHandedIn) append(texts.map(turn.toHandedIn))
    }
  }
}

type Statement = ReturnType<DatabaseSync['prepare']>
