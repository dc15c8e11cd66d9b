import type { Budget } from '../config/schema.ts'

/** A period of the calendar in UTC, in milliseconds since the epoch. */
export interface Period {
  start: number
  /** When the next one begins. */
  end: number
}

const DAY_MS = 86_400_000
/** The epoch was a Thursday. */
const MONDAY_OFFSET = 3

/** The day, the week (from Monday, ISO 8601) or the month that a time lies in. */
export function periodOf(per: Budget['per'], at: number): Period {
  const day = Math.floor(at / DAY_MS)
  if (per === 'day') return { start: day * DAY_MS, end: (day + 1) * DAY_MS }
  if (per === 'week') {
    const monday = day - ((day + MONDAY_OFFSET) % 7)
    return { start: monday * DAY_MS, end: (monday + 7) * DAY_MS }
  }
  const date = new Date(at)
  const month = (more: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + more, 1)
  return { start: month(0), end: month(1) }
}
