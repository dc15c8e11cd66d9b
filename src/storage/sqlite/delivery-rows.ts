import type { StoredDelivery, WholeDelivery } from '../port.ts'

/** The columns of a delivery, as `DeliveryRow` has them. */
export const DELIVERY = `
  id, mapping_id AS mappingId, sender_id AS senderId, turn_id AS turnId, received_at AS receivedAt, state, sending,
  attempts, interruptions, due_at AS dueAt, finished_at AS finishedAt, agent_id AS agentId, reason`

type Optional = 'dueAt' | 'finishedAt' | 'agentId' | 'reason'
export interface DeliveryRow extends Omit<StoredDelivery, Optional | 'sending'> {
  sending: number
  dueAt: number | null
  finishedAt: number | null
  agentId: string | null
  reason: string | null
}

export interface ContentRow {
  path: string
  payload: string
  headers: string
  query: string
  answer: string | null
}

export function toDelivery(row: DeliveryRow): StoredDelivery {
  const { id, mappingId, senderId, turnId, receivedAt, state, attempts, interruptions } = row
  return {
    id,
    mappingId,
    senderId,
    turnId,
    receivedAt,
    state,
    attempts,
    interruptions,
    sending: row.sending === 1,
    dueAt: row.dueAt ?? undefined,
    finishedAt: row.finishedAt ?? undefined,
    agentId: row.agentId ?? undefined,
    reason: row.reason ?? undefined
  }
}

export const toWhole = (row: DeliveryRow, { path, payload, headers, query, answer }: ContentRow): WholeDelivery => ({
  ...toDelivery(row),
  path,
  payload,
  headers: JSON.parse(headers),
  query: JSON.parse(query),
  answer: answer === null ? undefined : JSON.parse(answer)
})
