import type { DatabaseSync } from 'node:sqlite'
import type { DeliveryStore, HeldText, NewDelivery, NewEvent, Settlement, StoredDelivery } from '../port.ts'
import { deliveryList } from './delivery-list.ts'
import { type ContentRow, DELIVERY, type DeliveryRow, toDelivery, toWhole } from './delivery-rows.ts'
import type { AppendEvents } from './events.ts'
import type { Writer } from './writer.ts'

const ADD = `
  INSERT INTO deliveries (id, mapping_id, sender_id, turn_id, received_at, state, due_at, finished_at, lane)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mapping_id, sender_id) DO NOTHING`
const ADD_CONTENT = 'INSERT INTO delivery_contents (seq, path, payload, headers, query) VALUES (?, ?, ?, ?, ?)'
/** The one of a lane that is worked on, or that is to be next. Those behind it have no time: the one that ends gives it on. */
const AHEAD = `
  SELECT 1 FROM deliveries WHERE lane = ? AND sending = 0 AND (state = 'running' OR due_at IS NOT NULL) LIMIT 1`
const CLAIM = `
  UPDATE deliveries SET state = 'running', attempts = attempts + 1, due_at = NULL
  WHERE seq IN (SELECT seq FROM deliveries WHERE due_at <= ? ORDER BY due_at, seq LIMIT ?)
  RETURNING seq, ${DELIVERY}`
const CONTENT = 'SELECT path, payload, headers, query, answer FROM delivery_contents WHERE seq = ?'
const NEXT_DUE = 'SELECT min(due_at) AS at FROM deliveries WHERE due_at IS NOT NULL'
const END = `
  UPDATE deliveries SET state = ?, finished_at = ?, reason = ? WHERE id = ? AND state = 'running'`
const RETRY = `
  UPDATE deliveries SET state = 'waiting', due_at = ?, reason = ?, attempts = attempts - ?
  WHERE id = ? AND state = 'running'`
const HOLD = `
  UPDATE deliveries SET state = 'held', agent_id = ?, reason = NULL WHERE id = ? AND state = 'running' RETURNING seq`
const HOLD_TEXT = 'UPDATE delivery_contents SET held = ? WHERE seq = ?'
const RELEASE = `
  UPDATE deliveries SET state = 'waiting', due_at = ?, interruptions = interruptions + 1 WHERE state = 'running'`
const RELEASE_HANDED = `UPDATE deliveries SET state = 'held', handed_to = NULL WHERE state = 'handed'`
const HAND_BACK = `UPDATE deliveries SET state = 'held', handed_to = NULL WHERE state = 'handed' AND handed_to = ?`
const HELD_FOR = `SELECT DISTINCT agent_id AS agentId FROM deliveries WHERE state IN ('held', 'handed')`
const HELD = `
  SELECT seq, id, mapping_id AS mappingId, received_at AS receivedAt, held AS text
  FROM deliveries JOIN delivery_contents USING (seq)
  WHERE state = 'held' AND agent_id = ? ORDER BY seq LIMIT ?`
const HAND_IN = `UPDATE deliveries SET state = 'handed', handed_to = ? WHERE seq = ?`
const IS_HELD = `SELECT 1 FROM deliveries WHERE state IN ('held', 'handed') AND agent_id = ? LIMIT 1`
const REPLAY = `
  UPDATE deliveries SET turn_id = iif(state = 'done', ?, turn_id), sending = iif(state = 'done', 0, sending),
    state = 'waiting', attempts = 0, interruptions = 0, finished_at = NULL, reason = NULL, hand_ins = 0,
    due_at = iif((sending = 0 OR state = 'done') AND EXISTS (
      SELECT 1 FROM deliveries AS ahead WHERE ahead.lane = deliveries.lane AND ahead.sending = 0
        AND (ahead.state = 'running' OR ahead.due_at IS NOT NULL)), NULL, ?)
  WHERE id = ? AND state IN ('done', 'dead', 'discarded')`
const DISCARD = `
  UPDATE deliveries SET state = 'discarded', due_at = NULL, finished_at = ?
  WHERE id = ? AND (state IN ('waiting', 'held', 'dead') OR state IN ('running', 'handed') AND ?)`
const PRUNE = `
  DELETE FROM deliveries WHERE seq IN (
    SELECT seq FROM deliveries WHERE state IN ('done', 'discarded') AND finished_at < ?1
    UNION ALL SELECT seq FROM deliveries WHERE state = 'dead' AND finished_at < ?2
    UNION ALL SELECT seq FROM (SELECT seq, received_at FROM deliveries WHERE state = 'held' ORDER BY seq LIMIT ?3)
      WHERE received_at < ?2
    LIMIT ?3)`

export function deliveryStore(db: DatabaseSync, writer: Writer, append: AppendEvents): DeliveryStore {
  const prepare = (sql: string) => db.prepare(sql)
  const [add, addContent, claim, content, nextDue] = [ADD, ADD_CONTENT, CLAIM, CONTENT, NEXT_DUE].map(prepare) as [
    S,
    S,
    S,
    S,
    S
  ]
  const [end, retry, hold, holdText, release] = [END, RETRY, HOLD, HOLD_TEXT, RELEASE].map(prepare) as [S, S, S, S, S]
  const [releaseHanded, handBack, heldFor] = [RELEASE_HANDED, HAND_BACK, HELD_FOR].map(prepare) as [S, S, S]
  const [ahead, held, handIn] = [AHEAD, HELD, HAND_IN].map(prepare) as [S, S, S]
  const [isHeld, replay, discard, prune] = [IS_HELD, REPLAY, DISCARD, PRUNE].map(prepare) as [S, S, S, S]

  function acceptNow(delivery: NewDelivery, state: 'waiting' | 'done'): boolean {
    const { id, mappingId, senderId, turnId, receivedAt, path, payload, headers, query, lane } = delivery
    const dueAt = lane !== undefined && ahead.get(lane) ? null : receivedAt
    const times = state === 'waiting' ? [dueAt, null] : [null, receivedAt]
    const row = [id, mappingId, senderId, turnId, receivedAt, state, ...times, lane ?? null]
    const { changes, lastInsertRowid } = add.run(...row)
    if (changes === 0) return false
    addContent.run(lastInsertRowid, path, payload, JSON.stringify(headers), JSON.stringify(query))
    return true
  }

  function settleNow(id: string, at: number, settlement: Settlement): boolean {
    switch (settlement.to) {
      case 'done':
        return end.run('done', at, null, id).changes > 0
      case 'dead':
        return end.run('dead', at, settlement.reason, id).changes > 0
      case 'waiting':
        return retry.run(settlement.dueAt, settlement.reason, settlement.free ? 1 : 0, id).changes > 0
      case 'held': {
        const row = hold.get(settlement.agentId, id) as { seq: number } | undefined
        if (row) holdText.run(settlement.text, row.seq)
        return row !== undefined
      }
    }
  }

  /** What changes a delivery tells of it in the same transaction, if it changes anything. */
  const change = (work: () => boolean, events: NewEvent[]) =>
    writer.run(() => {
      const changed = work()
      if (changed) append(events)
      return changed
    })

  return {
    ...deliveryList(db),
    accept: (delivery, state, events) => change(() => acceptNow(delivery, state), events),
    claim: (now, limit, toEvents: (delivery: StoredDelivery) => NewEvent[]) =>
      writer.run(() => {
        const rows = claim.all(now, limit) as unknown as (DeliveryRow & { seq: number })[]
        return rows
          .toSorted((one, other) => one.seq - other.seq)
          .map(({ seq, ...row }) => {
            append(toEvents(toDelivery(row)))
            return toWhole(row, content.get(seq) as unknown as ContentRow)
          })
      }),
    async nextDue() {
      return (nextDue.get() as { at: number | null }).at ?? undefined
    },
    settle: (id, at, settlement, events) => change(() => settleNow(id, at, settlement), events),
    release: (now) => writer.run(() => Number(release.run(now).changes) + Number(releaseHanded.run().changes)),
    async heldFor() {
      return (heldFor.all() as { agentId: string }[]).map(({ agentId }) => agentId)
    },
    handIn: (agentId, turnId, limit, mostText) =>
      writer.run(() => {
        let left = mostText
        const texts: HeldText[] = []
        for (const { seq, ...text } of held.all(agentId, limit) as unknown as (HeldText & { seq: number })[]) {
          left -= text.text.length
          if (left < 0 && texts.length > 0) break
          handIn.run(turnId, seq)
          texts.push(text)
        }
        return { texts, more: isHeld.get(agentId) !== undefined }
      }),
    handBack: (turnId) => writer.run(() => Number(handBack.run(turnId).changes)),
    replay: (id, now, newTurnId, events) => change(() => replay.run(newTurnId, now, id).changes > 0, events),
    discard: (id, now, abandoned, events) => change(() => discard.run(now, id, abandoned ? 1 : 0).changes > 0, events),
    prune: (doneBefore, deadBefore, limit) =>
      writer.run(() => Number(prune.run(doneBefore, deadBefore, limit).changes), true)
  }
}

type S = ReturnType<DatabaseSync['prepare']>
