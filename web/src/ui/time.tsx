import { formatAgo, formatMoment } from '../lib/format.ts'

/** When, as people say it; the exact time is in its title. */
export const Ago = ({ at }: { at: number }) => (
  <time class="nowrap" dateTime={new Date(at).toISOString()} title={formatMoment(at)}>
    {formatAgo(at)}
  </time>
)
