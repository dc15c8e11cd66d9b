import type { DatabaseSync } from 'node:sqlite'
import type { FinishedTurn, HeldText } from '../port.ts'
import type { AppendEvents } from './events.ts'

const FULFIL = `
  UPDATE deliveries SET state = ?1, sending = ?2, attempts = iif(?2, 0, attempts), interruptions = 0, due_at = ?3,
    finished_at = ?4, agent_id = ?5, reason = NULL
  WHERE id = ?6 AND state = 'running' RETURNING seq`
const KEEP_ANSWER = 'UPDATE delivery_contents SET answer = ? WHERE seq = ?'
const HANDED = `
  SELECT id, mapping_id AS mappingId, received_at AS receivedAt FROM deliveries WHERE state = 'handed' AND turn_id = ?`
const HANDED_IN = `UPDATE deliveries SET state = 'done', finished_at = ? WHERE state = 'handed' AND turn_id = ?`
const HOLD_AGAIN = `UPDATE deliveries SET state = 'held' WHERE state = 'handed' AND turn_id = ?`

/** What the store of turns does for deliveries, within its own writes. */
export interface DeliveryWrites {
  /** Ends what a turn was started by, and what was handed in with it. */
  finish(turn: FinishedTurn): void
}

export function deliveryWrites(db: DatabaseSync, append: AppendEvents): DeliveryWrites {
  const [fulfil, keepAnswer, handed, handedIn, holdAgain] = [FULFIL, KEEP_ANSWER, HANDED, HANDED_IN, HOLD_AGAIN].map(
    (sql) => db.prepare(sql)
  ) as [Statement, Statement, Statement, Statement, Statement]

  function fulfilNow({ fulfils, finishedAt, agentId }: FinishedTurn): void {
    if (!fulfils) return
    const { deliveryId, answer } = fulfils
    const end = answer ? ['waiting', 1, finishedAt, null] : ['done', 0, null, finishedAt]
    const row = fulfil.get(...end, agentId ?? null, deliveryId) as { seq: number } | undefined
    if (row && answer) keepAnswer.run(JSON.stringify(answer), row.seq)
  }

  return {
    finish(turn) {
      fulfilNow(turn)
      const texts = handed.all(turn.id) as unknown as Omit<HeldText, 'text'>[]
      if (texts.length === 0) return
      if (turn.finishReason === 'error' || turn.finishReason === 'aborted') return void holdAgain.run(turn.id)
      handedIn.run(turn.finishedAt, turn.id)
      if (turn.toHandedIn) append(texts.map(turn.toHandedIn))
    }
  }
}

type Statement = ReturnType<DatabaseSync['prepare']>
