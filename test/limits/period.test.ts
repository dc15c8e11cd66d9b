import t from 'tap'
import { periodOf } from '../../src/limits/period.ts'

const at = (text: string) => Date.parse(text)
const shown = (per: 'day' | 'week' | 'month', time: string) => {
  const { start, end } = periodOf(per, at(time))
  return [start, end].map((ms) => new Date(ms).toISOString().slice(0, 16))
}

t.test('periods are those of the calendar in UTC', async (t) => {
  t.same(shown('day', '2026-11-24T23:59:59.999Z'), ['2026-11-24T00:00', '2026-11-25T00:00'])
  t.same(shown('day', '2026-11-25T00:00:00Z'), ['2026-11-25T00:00', '2026-11-26T00:00'])
  t.same(shown('week', '2026-11-29T23:59:59Z'), ['2026-11-23T00:00', '2026-11-30T00:00'], 'a Sunday')
  t.same(shown('week', '2026-11-30T00:00:00Z'), ['2026-11-30T00:00', '2026-12-07T00:00'], 'a Monday')
  t.same(shown('month', '2026-12-31T12:00:00Z'), ['2026-12-01T00:00', '2027-01-01T00:00'])
  t.same(shown('month', '2028-02-29T12:00:00Z'), ['2028-02-01T00:00', '2028-03-01T00:00'])
})
