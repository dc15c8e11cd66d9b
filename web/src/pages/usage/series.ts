import type { Result } from '../../../../client/index.ts'
import { client } from '../../state/session.ts'

export type Group = 'agent' | 'provider' | 'model'
export type Metric = 'tokens' | 'cost' | 'turns'
export type Range = '24h' | '7d' | '30d'
type Sum = Pick<Result<'obs.billing.total'>, 'turns' | 'failed' | 'tokens' | 'costUsd'>

const HOUR_MS = 3_600_000
/** How many pieces a range has, and how long each is: few enough for one batch of calls. */
const PIECES: Record<Range, { count: number; ms: number }> = {
  '24h': { count: 24, ms: HOUR_MS },
  '7d': { count: 28, ms: 6 * HOUR_MS },
  '30d': { count: 30, ms: 24 * HOUR_MS }
}

export interface Line {
  name: string
  sums: Sum[]
}

export interface Usage {
  /** When each piece begins, in milliseconds since the epoch. */
  starts: number[]
  pieceMs: number
  /** The largest first. */
  lines: Line[]
  total: Result<'obs.billing.total'>
}

/** What was used over a range, piece by piece, by who or what used it. */
export async function readUsage(range: Range, group: Group, signal: AbortSignal): Promise<Usage> {
  const { count, ms } = PIECES[range]
  const end = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS
  const starts = Array.from({ length: count }, (_, index) => end - (count - index) * ms)
  const method = group === 'agent' ? 'obs.billing.byAgent' : 'obs.billing.byProvider'
  const calls = starts.map((since) => ({ method, params: { since, until: since + ms } }) as const)
  const [pieces, total] = await Promise.all([
    client().batch(calls, { signal }),
    client().rpc('obs.billing.total', { since: starts[0] ?? end }, { signal })
  ])
  return { starts, pieceMs: ms, lines: toLines(pieces.map((piece) => namedSums(piece, group))), total }
}

type Piece = Result<'obs.billing.byAgent'> | Result<'obs.billing.byProvider'>

function namedSums(piece: Piece, group: Group): [string, Sum][] {
  if ('agents' in piece) return piece.agents.map((sum) => [sum.agentId ?? 'models alone', sum])
  if (group === 'provider') return piece.providers.map((sum) => [sum.provider ?? 'no model answered', sum])
  return piece.providers.flatMap(({ provider, models }) =>
    models.map((sum): [string, Sum] => [`${provider ?? '?'}/${sum.model ?? '?'}`, sum])
  )
}

const NOTHING: Sum = {
  turns: 0,
  failed: 0,
  tokens: { input: 0, output: 0, cachedInput: 0, reasoning: 0, total: 0 },
  costUsd: 0
}

function toLines(pieces: [string, Sum][][]): Line[] {
  const names = new Set(pieces.flatMap((piece) => piece.map(([name]) => name)))
  const lines = [...names].map((name) => ({
    name,
    sums: pieces.map((piece) => piece.find(([one]) => one === name)?.[1] ?? NOTHING)
  }))
  return lines.toSorted((a, b) => totalOf(b, 'tokens') - totalOf(a, 'tokens'))
}

export const valueOf = ({ tokens, costUsd, turns }: Sum, metric: Metric): number =>
  metric === 'tokens' ? tokens.total : metric === 'cost' ? costUsd : turns

export const totalOf = ({ sums }: Line, metric: Metric): number =>
  sums.reduce((total, sum) => total + valueOf(sum, metric), 0)
