import type { DatabaseSync } from 'node:sqlite'
import type { DeliveryCount, DeliveryQuery, DeliveryStore } from '../port.ts'
import { type ContentRow, DELIVERY, type DeliveryRow, toDelivery, toWhole } from './delivery-rows.ts'
import { toSeq } from './place.ts'

const GET = `SELECT ${DELIVERY}, path, payload, headers, query, answer
  FROM deliveries JOIN delivery_contents USING (seq) WHERE id = ?`
const listOf = (where: string) =>
  `SELECT seq, ${DELIVERY} FROM deliveries WHERE ${where} seq < :before ORDER BY seq DESC LIMIT :limit`
const COUNTS = 'SELECT mapping_id AS mappingId, state, count FROM delivery_counts WHERE count > 0'

/** Reads deliveries as they are listed. Most are done: of the others, the index of states finds the few there are. */
export function deliveryList(db: DatabaseSync): Pick<DeliveryStore, 'get' | 'list' | 'counts'> {
  const get = db.prepare(GET)
  const counts = db.prepare(COUNTS)
  const all = db.prepare(listOf(''))
  const ofState = db.prepare(listOf('state = :state AND'))
  const ofMapping = db.prepare(listOf('mapping_id = :mappingId AND'))
  const doneOfMapping = db.prepare(listOf('mapping_id = :mappingId AND +state = :state AND'))
  const othersOfMapping = db.prepare(listOf('+mapping_id = :mappingId AND state = :state AND'))

  function rowsOf({ state, mappingId }: DeliveryQuery, page: { before: number; limit: number }): unknown[] {
    if (state === undefined) return mappingId === undefined ? all.all(page) : ofMapping.all({ ...page, mappingId })
    if (mappingId === undefined) return ofState.all({ ...page, state })
    return (state === 'done' ? doneOfMapping : othersOfMapping).all({ ...page, state, mappingId })
  }

  return {
    async get(id) {
      const row = get.get(id) as unknown as (DeliveryRow & ContentRow) | undefined
      if (!row) return undefined
      const { path, payload, headers, query, answer, ...delivery } = row
      return toWhole(delivery, { path, payload, headers, query, answer })
    },
    async list(query) {
      const before = query.before === undefined ? Number.MAX_SAFE_INTEGER : toSeq(query.before, 'before')
      const rows = rowsOf(query, { before, limit: query.limit + 1 }) as (DeliveryRow & { seq: number })[]
      const shown = rows.slice(0, query.limit)
      const next = rows.length > shown.length ? String(shown.at(-1)?.seq) : undefined
      return { deliveries: shown.map(toDelivery), next }
    },
    async counts() {
      return counts.all() as unknown as DeliveryCount[]
    }
  }
}
