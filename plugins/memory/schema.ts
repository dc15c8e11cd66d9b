import Type from 'typebox'
import type { MemoryEntry } from '../../src/storage/port.ts'

const text = (description: string) => Type.Optional(Type.String({ description }))

const entry = {
  id: Type.String(),
  content: Type.String(),
  tags: Type.Array(Type.String()),
  clientId: text('The client whose it is; left out: everyone’s.'),
  agentId: text('The agent that remembers it; left out: all do.'),
  sessionKey: text('Where it was said.'),
  turnId: text('In which turn.'),
  source: Type.Enum(['agent', 'operator', 'import'], { description: 'Who put it there.' }),
  timestamp: Type.Integer({ description: 'Milliseconds since the epoch.' })
}

export const MemoryRecord = Type.Object(entry)

export const FoundMemories = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        ...entry,
        score: Type.Number({ description: 'From 0 to 1, by words and meaning together.' }),
        similarity: Type.Optional(Type.Number({ description: 'Of their meaning alone: the cosine.' })),
        textRank: Type.Optional(Type.Integer({ description: 'The place by words alone, from 1.' }))
      })
    )
  },
  { description: 'Best first.' }
)

export const MemoryState = Type.Enum(['ready', 'indexing', 'off'], {
  description: '`indexing`: some entries are found by words alone for now; `off`: all are, there is no embedding model.'
})

export const MemoryStats = Type.Object({
  totalEntries: Type.Integer(),
  state: MemoryState,
  embeddingModel: Type.Optional(Type.String()),
  dimensions: Type.Optional(Type.Integer()),
  embeddedEntries: Type.Integer(),
  refusedEntries: Type.Integer({ description: 'Those the model refused, as too long for it.' })
})

export const Stats = Type.Object(
  { stats: MemoryStats },
  { description: 'How much is remembered, and how it is found.' }
)

export const MemoryPage = Type.Object(
  {
    entries: Type.Array(MemoryRecord),
    next: Type.Optional(Type.String({ description: 'Send it as `before` to get the next page; left out: the last.' }))
  },
  { description: 'The newest first.' }
)

/** An entry as clients see it. */
export const toRecord = <T extends MemoryEntry>({ createdAt, ...rest }: T) => ({ ...rest, timestamp: createdAt })
