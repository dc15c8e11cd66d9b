import { effect, type Signal, signal } from '@preact/signals'
import { ClientError, type ChatEvent, type FinishReason, type Upload } from '../../../../client/index.ts'
import { onEvent } from '../../state/feed.ts'
import { client, connection, fail, messageOf, session } from '../../state/session.ts'
import { asMarkdown, type ChatMessage, toMessages, withEvent } from './message.ts'

/** A conversation that was opened. It goes on while another page is shown. */
export interface Conversation {
  readonly key: string
  /** Whose it is, where it is another client's: it is only read then. */
  readonly owner: string | undefined
  /** What people call it; undefined: nobody named it. */
  readonly title: Signal<string | undefined>
  readonly messages: Signal<readonly ChatMessage[]>
  readonly status: Signal<'loading' | 'ready' | 'failed'>
  /** Ends the answer that is being said; undefined: none is. */
  readonly stop: Signal<AbortController | undefined>
  /** What is being written, and not said yet. */
  readonly draft: Signal<string>
  /** Files that go with it. */
  readonly files: Signal<readonly Attached[]>
  error: unknown
}

/** A file that was uploaded, and is part of what is being written. */
export interface Attached extends Upload {
  name: string
}

/** Who answers; `model` in place of the agent's own. */
export interface Answerer {
  agentId: string | undefined
  model: string | undefined
}

const opened = new Map<string, Conversation>()
/** Grows when the list of sessions may have changed. */
export const sessionsVersion = signal(0)

const ENDS: Partial<Record<FinishReason, string>> = {
  length: 'Cut off at the length limit',
  max_steps: 'Ended after the last step it may take',
  budget_exceeded: 'Ended by its budget',
  content_filter: 'Cut off by a content filter',
  aborted: 'Stopped'
}

/** Sessions that are named here and have no message yet: there is nothing to read of them. */
const fresh = new Set<string>()
/** Turns that were read here: what the events tell of them is known. */
const ownTurns = new Set<string>()

export function newKey(): string {
  // `crypto.randomUUID` is for safe contexts alone, and a gateway may be reached over plain HTTP.
  const [first = 0, second = 0] = crypto.getRandomValues(new Uint32Array(2))
  const key = `web-${first.toString(36)}${second.toString(36)}`
  fresh.add(key)
  return key
}

const nameOf = (key: string, owner: string | undefined) => `${owner ?? ''} ${key}`

/** The conversation of a session; it is read when it is opened for the first time. */
export function openConversation(key: string, owner?: string): Conversation {
  const name = nameOf(key, owner)
  const known = opened.get(name)
  if (known) return known
  const conversation: Conversation = {
    key,
    owner,
    title: signal(undefined),
    messages: signal([]),
    status: signal('loading'),
    stop: signal(undefined),
    draft: signal(''),
    files: signal([]),
    error: undefined
  }
  opened.set(name, conversation)
  if (fresh.delete(key)) conversation.status.value = 'ready'
  else void loadConversation(conversation)
  return conversation
}

export function forgetConversation(key: string, owner?: string): void {
  opened.get(nameOf(key, owner))?.stop.value?.abort()
  opened.delete(nameOf(key, owner))
}

/** Shows the new title of a conversation that is open. */
export function retitleConversation(key: string, owner: string | undefined, title: string | undefined): void {
  const conversation = opened.get(nameOf(key, owner))
  if (conversation) conversation.title.value = title
}

/** Reads what is kept of it. A session that has no message yet is not there, and that is no failure. */
export async function loadConversation(conversation: Conversation): Promise<void> {
  const { key, owner, status, messages, title } = conversation
  try {
    const exported = await client().rest('exportSession', { path: { key }, query: { clientId: owner } })
    const { messages: kept, session: record } = exported
    title.value = record.title
    if (!conversation.stop.value) messages.value = toMessages(kept)
    status.value = 'ready'
  } catch (error) {
    if (error instanceof ClientError && error.reason === 'not_found') status.value = 'ready'
    else {
      conversation.error = error
      if (status.value === 'loading') status.value = 'failed'
      if (error instanceof ClientError && error.reason === 'unauthorized') fail(error)
    }
  }
}

/** What is said: a text, files, or both. */
export interface Written {
  text: string
  files: readonly Attached[]
}

/** Says something in a conversation, and shows the answer as it comes. */
export async function say(conversation: Conversation, written: Written, { agentId, model }: Answerer): Promise<void> {
  const message = written.text || written.files.map(({ name }) => name).join(', ')
  const shown = [message, ...written.files.map(asMarkdown)]
  const { messages, stop, key } = conversation
  if (stop.value) return
  const stopping = new AbortController()
  stop.value = stopping
  const at = Date.now()
  const question: ChatMessage = { id: `q${at}`, role: 'user', parts: shown.map((text) => ({ kind: 'text', text })), at }
  let answer: ChatMessage = { id: `a${at}`, role: 'assistant', parts: [], at, streaming: true }
  messages.value = [...messages.value, question, answer]
  const show = (next: Partial<ChatMessage>) => {
    answer = { ...answer, ...next }
    messages.value = messages.value.map((one) => (one.id === answer.id ? answer : one))
  }
  let begun = false
  const frame = inFrames((parts) => show({ parts }), answer.parts)
  try {
    const attachments = written.files.map(({ id, name }) => ({ id, name }))
    const request = { message, agentId, model, attachments, sessionKey: key }
    for await (const event of client().chat(request, { signal: stopping.signal })) {
      frame.take(event)
      if (event.type === 'started') {
        begun = true
        ownTurns.add(event.turnId)
      }
      if (event.type === 'done') frame.end(noteOf(event))
    }
    show({ parts: frame.parts, note: frame.note, streaming: false })
  } catch (error) {
    const stopped = stopping.signal.aborted
    if (!begun && !stopped) return takeBack(conversation, written, [question, answer], error)
    show({ parts: frame.parts, streaming: false, failed: !stopped, note: stopped ? 'Stopped' : messageOf(error) })
    if (error instanceof ClientError && error.reason === 'unauthorized') fail(error)
  } finally {
    frame.stop()
    stop.value = undefined
    sessionsVersion.value++
  }
}

/** What never reached an agent is no part of the conversation: it is given back to whoever wrote it. */
function takeBack(
  { messages, draft, files }: Conversation,
  written: Written,
  said: ChatMessage[],
  error: unknown
): void {
  const ids = new Set(said.map(({ id }) => id))
  messages.value = messages.value.filter(({ id }) => !ids.has(id))
  draft.value ||= written.text
  if (files.value.length === 0) files.value = written.files
  fail(error)
}

function noteOf({ finishReason, tokensUsed }: Extract<ChatEvent, { type: 'done' }>): string {
  return [ENDS[finishReason], `${tokensUsed.total.toLocaleString()} tokens`].filter(Boolean).join(' · ')
}

/** Collects what comes, and shows it once in a while: as often as showing it leaves room for other things. */
function inFrames(show: (parts: ChatMessage['parts']) => void, begin: ChatMessage['parts']) {
  const EVERY_MS = 60
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    parts: begin,
    note: undefined as string | undefined,
    take(event: ChatEvent) {
      this.parts = withEvent(this.parts, event)
      timer ??= setTimeout(() => {
        timer = undefined
        show(this.parts)
      }, EVERY_MS)
    },
    end(note: string) {
      this.note = note
    },
    stop: () => clearTimeout(timer)
  }
}

onEvent(({ type, data }) => {
  if (type === 'session:created' || type === 'message:sent' || type === 'audit:event') sessionsVersion.value++
  if (type === 'audit:event' && data.action === 'session.rename') {
    for (const one of opened.values()) if (one.key === data.sessionKey && !one.stop.value) void loadConversation(one)
  }
  if (type !== 'message:sent' || !data.sessionKey || ownTurns.has(data.turnId)) return
  // Said elsewhere, in another tab say: what is shown here is read again.
  for (const conversation of opened.values()) {
    if (conversation.key === data.sessionKey && !conversation.stop.value) void loadConversation(conversation)
  }
})

/** After a break nobody knows what an answer that was cut off has become: what is kept of it tells. */
let broken = false
effect(() => {
  if (connection.value === 'waiting') broken = true
  if (connection.value !== 'open' || !broken) return
  broken = false
  sessionsVersion.value = sessionsVersion.peek() + 1
  for (const conversation of opened.values()) if (!conversation.stop.peek()) void loadConversation(conversation)
})

effect(() => {
  if (session.value !== undefined) return
  for (const { stop } of opened.values()) stop.peek()?.abort()
  opened.clear()
})
