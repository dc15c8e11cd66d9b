import type { Principal } from '../access/principal.ts'
import { type Agent, refuseSuspended } from '../agents/registry.ts'
import { GatewayError } from '../errors.ts'
import type { NewEvent, SessionRef, SessionStore } from '../storage/port.ts'
import { addUsage, type Usage } from '../turns/event.ts'
import type { Turns } from '../turns/turns.ts'
import { pieces } from './render.ts'
import { refuseBuiltin, summarize, summarySizes } from '../turns/summarize.ts'

/** What became of a conversation that was compacted. */
export interface Compaction {
  /** Messages that the summary stands for now, beside what it stood for before. */
  compacted: number
  /** Messages that are left as they are. */
  kept: number
  /** Undefined where there is none: the conversation is short. */
  summary?: string
  usage: Usage
}

export interface CompactOptions {
  session: SessionRef
  keep: number
  /** For whom the tokens count. */
  by: Principal
  agent: Agent
  /** Told once it is done. */
  events: NewEvent[]
  signal: AbortSignal
}

interface Ports {
  store: SessionStore
  turns: Turns
}

/** Compacts a session that no turn runs in. Nothing is changed until the whole summary is there. */
export async function compactSession(options: CompactOptions, { store, turns }: Ports): Promise<Compaction> {
  const { session, keep, by, agent, events } = options
  refuseSuspended(agent)
  refuseBuiltin(agent.providerId)
  const { upTo, ...older } = await store.older(session, keep)
  let usage: Usage = { input: 0, output: 0 }
  let { summary } = older
  let compacted = 0
  if (upTo === undefined) return { compacted, kept: older.kept, summary, usage }

  const model = await agent.model()
  const { size, maxTokens } = summarySizes(model)
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(agent.config.timeoutSeconds * 1000)])
  for await (const { text, messages } of pieces(store, session, { ...older, upTo }, size)) {
    const written = await summarize({ former: summary, text, maxTokens, model, agentId: agent.id, by, signal }, turns)
    summary = written.summary
    usage = addUsage(usage, written.usage)
    compacted += messages
  }
  if (summary === undefined) throw new TypeError('older messages were announced that are not there')
  if (!(await store.compact(session, { summary, after: older.after, upTo }, events))) throw movedOn()
  return { compacted, kept: older.kept, summary, usage }
}

/** It expired: that waits for no lease. */
const movedOn = () =>
  new GatewayError('busy', 'The session has started a new conversation meanwhile', { retryAfterSeconds: 1 })
