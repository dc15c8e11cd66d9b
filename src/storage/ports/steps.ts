import type { Message, ToolCallPart, ToolResultPart } from '../../models/message.ts'

/** What an agent said and did in a turn up to a call of its client's, which knows nothing of it. */
export interface OwnSteps {
  /** The steps before the one that made the call, with their tools. */
  before: Message[]
  /** Calls of the agent's own tools that came beside the client's, and their results. */
  calls: ToolCallPart[]
  results: ToolResultPart[]
}

export interface KeptSteps {
  turnId: string
  clientId: string
  agentId: string
  /** Milliseconds since the epoch. */
  at: number
  /** The client's calls that the turn ended with. */
  callIds: string[]
  /** A digest of what was asked: some providers give every conversation the same ids of calls. */
  question: string
  steps: OwnSteps
}

export interface StepQuery {
  clientId: string
  agentId: string
  callIds: string[]
  /** What is older is as good as gone. */
  since: number
}

export interface StepStore {
  /** Stores steps under the calls, and drops the oldest of the client where it has more than `limit` turns' worth. */
  keep(steps: KeptSteps, limit: number): Promise<void>
  /** Those that ended with one of these calls, oldest first. */
  find(query: StepQuery): Promise<KeptSteps[]>
  /** Drops what was stored before a time. @returns how many; at most `limit` */
  expire(before: number, limit: number): Promise<number>
}
