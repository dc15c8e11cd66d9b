import Type from 'typebox'
import type { HistoryEntry } from '../../src/storage/port.ts'

export const History = Type.Object(
  {
    messages: Type.Array(
      Type.Object({
        role: Type.Enum(['user', 'assistant']),
        content: Type.String(),
        timestamp: Type.Integer({ description: 'Milliseconds since the epoch.' }),
        sessionKey: Type.String()
      })
    )
  },
  { description: 'The newest messages, oldest first.' }
)

/** A message as clients see it. */
export const toMessage = ({ role, text, at, sessionKey }: HistoryEntry) => ({
  role,
  content: text,
  timestamp: at,
  sessionKey
})
