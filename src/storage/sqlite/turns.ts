import type { DatabaseSync } from 'node:sqlite'
import { type Message, textOf } from '../../models/message.ts'
import type { BegunTurn, FinishedTurn, SessionRef, TurnStore, UnfinishedTurn } from '../port.ts'
import type { ChargeBudget } from './budgets.ts'
import type { AppendEvents } from './events.ts'
import type { CountTurn } from './usage.ts'
import type { DeliveryWrites } from './delivery-writes.ts'
import type { KeptWrites } from './kept.ts'
import type { Writer } from './writer.ts'

const BEGIN = `
  INSERT INTO turns (id, client_id, session_client_id, session_key, agent_id, fence, started_at)
  VALUES (?, ?, ?, ?, ?, ?, ?)`
/** Another attempt in the place of one that did not end well. */
const BEGIN_AGAIN = `${BEGIN}
  ON CONFLICT (id) DO UPDATE SET session_key = excluded.session_key, agent_id = excluded.agent_id, fence = excluded.fence,
    started_at = excluded.started_at, finished_at = NULL, finish_reason = NULL, error_code = NULL
  WHERE (finish_reason IS NULL OR finish_reason IN ('error', 'aborted'))
    AND client_id = excluded.client_id AND session_client_id = excluded.session_client_id`
const TAKE_BACK = 'DELETE FROM messages WHERE turn_id = ? RETURNING client_id AS clientId, session_key AS key'
const COUNT_LESS = 'UPDATE sessions SET message_count = message_count - 1 WHERE client_id = ? AND key = ?'
const TOUCH = `
  INSERT INTO sessions (client_id, key, agent_id, created_at, updated_at, message_count) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET agent_id = excluded.agent_id, updated_at = excluded.updated_at, expired_at = NULL,
    message_count = message_count + excluded.message_count`
const IS_LIVE = 'SELECT 1 FROM sessions WHERE client_id = ? AND key = ? AND expired_at IS NULL'
const LEAVE = 'UPDATE sessions SET updated_at = ?, message_count = message_count + ? WHERE client_id = ? AND key = ?'
const FINISH = `
  UPDATE turns SET provider = ?, model = ?, finished_at = ?, finish_reason = ?, error_code = ?, input_tokens = ?,
    output_tokens = ?, cached_input_tokens = ?, reasoning_tokens = ?, cost_usd = ?
  WHERE id = ? AND fence = ? AND finished_at IS NULL`
const RECORD = `
  INSERT INTO turns (provider, model, finished_at, finish_reason, error_code, input_tokens, output_tokens,
    cached_input_tokens, reasoning_tokens, cost_usd, id, fence, client_id, agent_id, started_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const ADD_MESSAGE = `
  INSERT INTO messages (turn_id, position, client_id, session_key, role, content, text, created_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const NEXT_POSITION = 'SELECT count(*) AS next FROM messages WHERE turn_id = ?'
const UNFINISHED = `
  SELECT id, coalesce(session_client_id, client_id) AS clientId, session_key AS sessionKey, agent_id AS agentId,
    client_id AS startedBy
  FROM turns WHERE finished_at IS NULL`
const ABANDON = `
  UPDATE turns SET finished_at = ?, finish_reason = 'error', error_code = 'internal' WHERE finished_at IS NULL`

/** What an abandoned turn used is not known. */
const NOTHING = { input: 0, output: 0 }

export interface TurnStoreOptions {
  db: DatabaseSync
  writer: Writer
  append: AppendEvents
  count: CountTurn
  charge: ChargeBudget
  kept: KeptWrites
  deliveries: DeliveryWrites
  /** Is called when messages were added, which are to be indexed then. */
  onMessages(): void
}

export function turnStore({
  db,
  writer,
  append,
  count,
  charge,
  kept,
  deliveries,
  onMessages
}: TurnStoreOptions): TurnStore {
  const isLive = db.prepare(IS_LIVE)
  const unfinished = db.prepare(UNFINISHED)
  const leave = db.prepare(LEAVE)
  const beginAgain = db.prepare(BEGIN_AGAIN)
  const takeBack = db.prepare(TAKE_BACK)
  const countLess = db.prepare(COUNT_LESS)
  const [begin, touch, finish, record, addMessage, nextPosition, abandon] = [
    BEGIN,
    TOUCH,
    FINISH,
    RECORD,
    ADD_MESSAGE,
    NEXT_POSITION,
    ABANDON
  ].map((sql) => db.prepare(sql)) as [Statement, Statement, Statement, Statement, Statement, Statement, Statement]

  /** @returns how many are new */
  function addMessages(turnId: string, { clientId, key }: SessionRef, messages: Message[], at: number): number {
    let { next } = nextPosition.get(turnId) as { next: number }
    let added = 0
    for (const message of messages) {
      const content = JSON.stringify(message.content)
      const { changes } = addMessage.run(turnId, next++, clientId, key, message.role, content, textOf(message), at)
      added += Number(changes)
    }
    onMessages()
    return added
  }

  /** What an earlier attempt said, maybe in another session: the template of its key can have changed. */
  function takeBackOf(turnId: string): void {
    const messages = takeBack.all(turnId) as unknown as SessionRef[]
    for (const { clientId, key } of messages) countLess.run(clientId, key)
  }

  function beginNow(turn: BegunTurn): void {
    const { id, clientId, session, agentId, fence, startedAt, input, again, events, eventsIfNew } = turn
    const isNew = isLive.get(session.clientId, session.key) === undefined
    const start = again ? beginAgain : begin
    const { changes } = start.run(id, clientId, session.clientId, session.key, agentId, fence, startedAt)
    if (changes === 0) throw new Error(`The turn ${id} has ended already`)
    if (again) takeBackOf(id)
    const added = addMessages(id, session, input, startedAt)
    touch.run(session.clientId, session.key, agentId, startedAt, startedAt, added)
    if (isNew) append(eventsIfNew)
    append(events)
  }

  function finishNow(turn: FinishedTurn): boolean {
    const { changes } = turn.session
      ? finish.run(...endOf(turn), turn.id, turn.fence)
      : record.run(...endOf(turn), turn.id, turn.fence, turn.clientId, turn.agentId ?? null, turn.startedAt)
    if (changes === 0) return false
    if (turn.session) {
      const added = addMessages(turn.id, turn.session, turn.output, turn.finishedAt)
      leave.run(turn.finishedAt, added, turn.session.clientId, turn.session.key)
    }
    if (turn.kept) kept.finish(turn.id, turn.kept, turn.finishedAt)
    if (turn.agentId !== undefined) deliveries.finish(turn)
    count({ ...turn, failed: turn.finishReason === 'error' })
    if (turn.charge) charge(turn.charge)
    append(turn.events)
    return true
  }

  return {
    begin: (turn) => writer.run(() => beginNow(turn)),
    finish: (turn) => writer.run(() => finishNow(turn), !turn.session && !turn.kept),
    abandon: (at, toEvent) =>
      writer.run(() => {
        const turns = unfinished.all() as unknown as (UnfinishedTurn & { startedBy: string })[]
        abandon.run(at)
        kept.abandon(at)
        for (const { startedBy, ...turn } of turns) {
          const { clientId, sessionKey: key, agentId } = turn
          const session = key ? { clientId, key } : undefined
          count({ clientId: startedBy, session, agentId, finishedAt: at, failed: true, usage: NOTHING })
          append([toEvent(turn)])
        }
        return turns.length
      })
  }
}

type Statement = ReturnType<DatabaseSync['prepare']>

function endOf({ provider, model, finishedAt, finishReason, errorCode, usage, costUsd }: FinishedTurn) {
  const tokens = [usage.input, usage.output, usage.cachedInput ?? 0, usage.reasoning ?? 0]
  return [provider ?? null, model ?? null, finishedAt, finishReason, errorCode ?? null, ...tokens, costUsd ?? null]
}
