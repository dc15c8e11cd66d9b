import type { Test } from 'tap'
import type { Upstream } from '../upstream/start.ts'
import { listenGateway } from './gateway.ts'

/** Those that are agents too. */
const SCENARIOS = ['words', 'tool', 'tools-at-once', 'reasoning', 'refusal', 'slow', 'status-429']

/** A gateway before an upstream, with agents over its models: for clients that were made for OpenAI. */
export async function openAiGateway(t: Test, upstream: Upstream): Promise<string> {
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, timeoutMs: 2000, maxRetries: 0 } },
    agents: Object.fromEntries(SCENARIOS.map((model) => [model, { provider: 'up', model }]))
  })
  await upstream.reset()
  return `${url}/v1`
}

/** Each scenario as a model and as an agent: a client is to see no difference. */
export const bothWays = (scenario: string): string[] => [`up/${scenario}`, `agent/${scenario}`]
