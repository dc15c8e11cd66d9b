import { byAgent } from './by-agent.ts'
import { byProvider } from './by-provider.ts'
import { bySession } from './by-session.ts'
import { total } from './total.ts'
import { usage24h } from './usage24h.ts'

export const billing = [byAgent, byProvider, bySession, total, usage24h]
