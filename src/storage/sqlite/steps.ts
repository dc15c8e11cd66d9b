import type { DatabaseSync } from 'node:sqlite'
import type { KeptSteps, StepStore } from '../port.ts'
import type { Writer } from './writer.ts'

const KEEP = 'INSERT INTO agent_steps (turn_id, client_id, agent_id, at, question, said) VALUES (?, ?, ?, ?, ?, ?)'
const ADD_CALL = 'INSERT INTO agent_step_calls (call_id, turn_id) VALUES (?, ?) ON CONFLICT DO NOTHING'
const DROP_OLDEST = `
  DELETE FROM agent_steps WHERE turn_id IN (
    SELECT turn_id FROM agent_steps WHERE client_id = ? ORDER BY at DESC, turn_id DESC LIMIT -1 OFFSET ?)`
const FIND = `
  SELECT turn_id AS turnId, client_id AS clientId, agent_id AS agentId, at, question, said AS steps,
    (SELECT json_group_array(call_id) FROM agent_step_calls WHERE turn_id = agent_steps.turn_id) AS callIds
  FROM agent_steps
  WHERE turn_id IN (SELECT turn_id FROM agent_step_calls WHERE call_id IN (SELECT value FROM json_each(?)))
    AND client_id = ? AND agent_id = ? AND at >= ?
  ORDER BY at, turn_id`
const EXPIRE = `
  DELETE FROM agent_steps WHERE turn_id IN (SELECT turn_id FROM agent_steps WHERE at < ? ORDER BY at LIMIT ?)`

export function stepStore(db: DatabaseSync, writer: Writer): StepStore {
  const keep = db.prepare(KEEP)
  const addCall = db.prepare(ADD_CALL)
  const dropOldest = db.prepare(DROP_OLDEST)
  const find = db.prepare(FIND)
  const expire = db.prepare(EXPIRE)

  function keepNow({ turnId, clientId, agentId, at, callIds, question, steps }: KeptSteps, limit: number): void {
    keep.run(turnId, clientId, agentId, at, question, JSON.stringify(steps))
    for (const callId of callIds) addCall.run(callId, turnId)
    dropOldest.run(clientId, limit)
  }

  return {
    keep: (steps, limit) => writer.run(() => keepNow(steps, limit)),
    async find({ clientId, agentId, callIds, since }) {
      const rows = find.all(JSON.stringify(callIds), clientId, agentId, since) as unknown as Row[]
      return rows.map((row) => ({ ...row, callIds: JSON.parse(row.callIds), steps: JSON.parse(row.steps) }))
    },
    expire: (before, limit) => writer.run(() => Number(expire.run(before, limit).changes), true)
  }
}

type Row = Omit<KeptSteps, 'callIds' | 'steps'> & { callIds: string; steps: string }
