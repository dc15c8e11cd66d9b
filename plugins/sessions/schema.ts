import Type from 'typebox'
import type { Compaction } from '../../src/sessions/compact.ts'
import type { SessionStatus } from '../../src/sessions/sessions.ts'
import { LONGEST_TITLE } from '../../src/sessions/title.ts'
import type { MessageHit, MessagePage, SessionPage, StoredMessage, StoredSession } from '../../src/storage/port.ts'
import { tokensUsed } from '../chat/answer.ts'
import { TokensUsed } from '../chat/schema.ts'

const time = (description: string) => Type.Integer({ description: `${description} Milliseconds since the epoch.` })

const session = {
  sessionKey: Type.String(),
  title: Type.Optional(Type.String({ description: 'What people call it; left out where nobody named it.' })),
  clientId: Type.String({ description: 'Whose it is.' }),
  agentId: Type.String({ description: 'Who answered in it last.' }),
  createdAt: time('When its first message came.'),
  updatedAt: time('When it was used last.'),
  expiredAt: Type.Optional(time('Since when its next message starts a new conversation.')),
  messages: Type.Integer({ description: 'How many are kept, those of tools and of earlier conversations among them.' })
}

export const SessionRecord = Type.Object(session)

export const SessionList = Type.Object(
  {
    sessions: Type.Array(SessionRecord),
    next: Type.Optional(Type.String({ description: 'Send it as `before` to get the next page; left out: the last.' }))
  },
  { description: 'The most recently used first.' }
)

export const Status = Type.Object({
  ...session,
  running: Type.Array(Type.String(), { description: 'Ids of the turns that run in it, or wait for their turn.' }),
  compacted: Type.Boolean({ description: 'A summary stands for the older messages of its conversation.' })
})

const Message = Type.Object({
  role: Type.Enum(['user', 'assistant', 'tool', 'system']),
  content: Type.Array(Type.Unknown(), {
    description: 'Its parts: `{ type: "text", text }`, `file`, `tool_call`, `tool_result`.'
  }),
  timestamp: time('When it was said.'),
  turnId: Type.String()
})

export const SessionExport = Type.Object(
  {
    session: SessionRecord,
    messages: Type.Array(Message),
    next: Type.Optional(Type.String({ description: 'Send it as `after` to get the next page; left out: the last.' }))
  },
  { description: 'The oldest message first.' }
)

export const FoundMessages = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        sessionKey: Type.String(),
        clientId: Type.String({ description: 'Whose session it is.' }),
        role: Type.Enum(['user', 'assistant']),
        content: Type.String({ description: 'Of a long text what is around the first of the words.' }),
        timestamp: time('When it was said.')
      })
    )
  },
  { description: 'The newest first.' }
)

/** What a session is to be called. A union with null would tell less of what is wrong. */
export const Title = Type.Unsafe<string | null>({
  type: ['string', 'null'],
  description: `At most ${LONGEST_TITLE} characters, none of them a control character; null or an empty one takes the title away.`
})

/** Only sessions whose title holds this. */
export const TitleFilter = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: LONGEST_TITLE,
    description: 'Only those whose title holds this text, in any case.'
  })
)

/** How many messages `compact` keeps. */
export const Keep = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: 1000,
    default: 10,
    description: 'Messages that are kept as they are, and as many more as lead back to a question of the user’s.'
  })
)
export const USUAL_KEEP = 10

export const Compacted = Type.Object(
  {
    compacted: Type.Integer({ description: 'Messages that the summary stands for now.' }),
    kept: Type.Integer({ description: 'Messages that are left as they are.' }),
    summary: Type.Optional(Type.String({ description: 'Left out where there is none: the conversation is short.' })),
    tokensUsed: TokensUsed
  },
  { description: 'What became of the conversation.' }
)

/** A session as clients see it. */
export const toRecord = ({ key, compacted: _compacted, ...rest }: StoredSession) => ({ ...rest, sessionKey: key })

export const toStatus = ({ running, ...session }: SessionStatus) => ({
  ...toRecord(session),
  running,
  compacted: session.compacted
})

export const toList = ({ sessions, next }: SessionPage) => ({ sessions: sessions.map(toRecord), next })

/** A message with its parts, as clients see it. */
export const toExported = ({ message: { role, content }, at, turnId }: StoredMessage) => ({
  role,
  content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
  timestamp: at,
  turnId
})

export const toExport = ({ session: of, messages, next }: MessagePage & { session: StoredSession }) => ({
  session: toRecord(of),
  messages: messages.map(toExported),
  next
})

export const toFound = ({ text, at, ...hit }: MessageHit) => ({ ...hit, content: text, timestamp: at })

export const toCompacted = ({ usage, ...rest }: Compaction) => ({ ...rest, tokensUsed: tokensUsed(usage) })
