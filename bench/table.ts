import type { Load } from './drive/load.ts'

/** What one round of a work measured at one of its two sides. */
export interface Sample {
  /** Requests or streams in a second. */
  rate: number
  /** How many there were. */
  count: number
  load: Load
  /** Milliseconds to the first byte of the body. */
  firstByte?: { p50: number; p99: number }
  /** Resident memory of the server in megabytes, before and after. */
  memory?: { joined: number; after: number }
}

export interface Row {
  work: string
  floor: string
  gateway: string
  ratio: string
  target: string
  met: string
}

export interface Against {
  /** What the floor is. */
  what: string
  /** The least share of its rate. */
  target: number
}

/** A server with less to do than this was waiting for its driver. */
const BUSY = 0.9

/** Rounds of the floor and of the gateway as a row; each number is the median of its rounds. */
export function ratioRow(work: string, floor: Sample[], gateway: Sample[], { what, target }: Against): Row {
  const ratio = rateOf(gateway) / rateOf(floor)
  const byCpu = cpuOf(floor) / cpuOf(gateway)
  return {
    work,
    floor: `${what}: ${describe(floor)}`,
    gateway: describe(gateway),
    ratio: Number.isNaN(byCpu) ? ratio.toFixed(2) : `${ratio.toFixed(2)} (by CPU ${byCpu.toFixed(2)})`,
    target: `≥ ${target}`,
    met: ratio < target ? 'no' : `yes${reservation(floor)}`
  }
}

/** A floor that could have done more makes the gateway look better than it is. */
function reservation(floor: Sample[]): string {
  const busy = median(floor.map(busyShare))
  return busy < BUSY ? `, with the floor ${percent(busy)} busy` : ''
}

/** A number of the gateway alone, which is to stay below its target. */
export function limitRow(work: string, value: number | undefined, unit: string, target: number, digits = 0): Row {
  const gateway = value === undefined ? 'unknown here' : `${value.toFixed(digits)} ${unit}`
  const met = value === undefined ? '–' : value < target ? 'yes' : 'no'
  return { work, floor: '–', gateway, ratio: '–', target: `< ${target} ${unit}`, met }
}

/** Kilobytes at both sides as a row, of which the gateway's share is to stay below its target. */
export function memoryRow(work: string, floor: number[], gateway: number[], { what, target }: Against): Row {
  const ratio = median(gateway) / median(floor)
  const [low, high] = [floor, gateway].map((rounds) => `${median(rounds).toFixed(1)} kB`)
  const unknown = Number.isNaN(ratio)
  return {
    work,
    floor: `${what}: ${low}`,
    gateway: unknown ? 'unknown here' : `${high}`,
    ratio: unknown ? '–' : ratio.toFixed(2),
    target: `≤ ${target}`,
    met: unknown ? '–' : ratio <= target ? 'yes' : 'no'
  }
}

/** The newest round in few words. */
export function brief(rounds: Sample[]): string {
  const { rate, load } = rounds.at(-1) as Sample
  return `${rate.toFixed(0)}/s (server ${percent(busyShare({ load }))}, driver ${percent(load.driver)})`
}

function describe(rounds: Sample[]): string {
  const firstBytes = rounds.flatMap(({ firstByte }) => firstByte ?? [])
  const p50 = median(firstBytes.map((firstByte) => firstByte.p50))
  const p99 = median(firstBytes.map((firstByte) => firstByte.p99))
  const ms = cpuOf(rounds)
  const memories = rounds.flatMap(({ memory }) => memory ?? [])
  const before = median(memories.map(({ joined }) => joined))
  const after = median(memories.map((memory) => memory.after))
  return [
    `${rateOf(rounds).toLocaleString('en', { maximumFractionDigits: 0 })}/s`,
    ...(firstBytes.length > 0 ? [`first byte p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`] : []),
    ...(Number.isNaN(ms) ? [] : [`CPU ${inUnits(ms)}`]),
    ...(Number.isNaN(before) ? [] : [`RSS ${before.toFixed(0)} → ${after.toFixed(0)} MB`])
  ].join(', ')
}

function inUnits(ms: number): string {
  if (ms >= 1) return `${ms.toFixed(2)} ms`
  return `${(ms * 1000).toFixed(ms < 0.01 ? 2 : 0)} µs`
}

const rateOf = (rounds: Sample[]): number => median(rounds.map(({ rate }) => rate))
/** Milliseconds of the server for each; NaN where the system does not tell. */
const cpuOf = (rounds: Sample[]): number => median(rounds.map(({ load, count }) => (load.serverMs ?? NaN) / count))
const busyShare = ({ load }: Pick<Sample, 'load'>): number => (load.serverMs ?? NaN) / 1000 / load.seconds
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = NaN, high = NaN] = [sorted[middle - 1], sorted[middle]]
  return sorted.length % 2 === 0 ? (low + high) / 2 : high
}

export function toMarkdown(rows: Row[]): string {
  const body = rows.map((row) => `| ${Object.values(row).join(' | ')} |`)
  return ['| work | floor | gateway | ratio | target | met? |', '|---|---|---|---|---|---|', ...body].join('\n')
}
