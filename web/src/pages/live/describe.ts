import { EVENT_TYPES } from '../../../../client/index.ts'
import type { FeedEntry } from '../../state/feed.ts'

export const categoryOf = (type: string) => (type.includes(':') ? type.slice(0, type.indexOf(':')) : 'stream')

/** The categories of all events; `stream` is what became of the connection itself. */
export const CATEGORIES: readonly string[] = [...new Set([...EVENT_TYPES, 'stream'].map(categoryOf))]

const KINDS: Record<string, string> = {
  message: 'accent',
  session: 'info',
  observability: '',
  system: 'bad',
  security: 'warn',
  audit: 'violet',
  secret: 'violet',
  config: 'violet',
  provider: 'warn',
  model: 'info',
  agent: 'accent',
  webhook: 'info',
  stream: 'warn'
}

export const kindOf = (type: string) => KINDS[categoryOf(type)] ?? ''

/** What of a payload says most, in a line. */
const TOLD = ['text', 'delta', 'message', 'note', 'reason', 'action', 'paths', 'finishReason', 'model', 'name', 'type']
const WHERE = ['agentId', 'sessionKey', 'clientId']

export function summaryOf({ type, data }: FeedEntry): string {
  const payload = data as Record<string, unknown>
  if (type === 'observability:token_usage') {
    return `${String(payload.total)} tokens · ${String(payload.provider)}/${String(payload.model)} · ${where(payload)}`
  }
  if (type === 'observability:metrics') {
    const mib = Math.round(Number(payload.rssBytes) / 1_048_576)
    return `${mib} MB · event loop ${Number(payload.eventLoopDelayMs).toFixed(1)} ms · ${String(payload.runningTurns)} turns`
  }
  if (type === 'gap') return `Events ${String(payload.first)} to ${String(payload.last)} cannot be had any more`
  const told = TOLD.flatMap((key) => (payload[key] === undefined ? [] : [textOf(payload[key])]))
  return [...told.slice(0, 2), where(payload)].filter(Boolean).join(' · ')
}

const where = (payload: Record<string, unknown>) =>
  WHERE.flatMap((key) => (typeof payload[key] === 'string' ? [payload[key]] : [])).join(' · ')

const textOf = (value: unknown) => (Array.isArray(value) ? value.join(', ') : String(value)).slice(0, 300)
