import type { AgentConfig, Config } from '../config/schema.ts'
import { ConfigError } from '../config/error.ts'
import { GatewayError } from '../errors.ts'
import { type Catalog, findAll, type ModelRef } from '../models/catalog.ts'
import type { Tool } from './tool.ts'
import { MEMORY_TOOLS } from './tools/memory.ts'

/** Someone who answers: a model with a persona, tools and limits. */
export interface Agent {
  readonly id: string
  readonly name: string
  readonly config: AgentConfig
  readonly tools: readonly Tool[]
  /** The provider it talks to. */
  readonly providerId: string
  /** The model it talks to, with those that may answer in its place. @throws GatewayError `model_not_found` */
  model(): Promise<ModelRef>
}

/** An agent as it is listed. */
export interface AgentSummary {
  id: string
  name: string
  provider: string
  /** Empty while the provider, which was to name a model, cannot be asked. */
  model: string
  status: 'active' | 'suspended'
}

export interface Agents {
  /** The agent, or the one that answers when none is named. @throws GatewayError `unknown_agent` */
  get(id?: string): Agent
  has(id: string): boolean
  /** Whether the configuration of one names the model. */
  use(provider: string, model: string): boolean
  list(): Promise<AgentSummary[]>
  /** As one of them is listed. @throws GatewayError `unknown_agent` */
  summary(id: string): Promise<AgentSummary>
}

/** Agents in whose place others can be put while others hold them. */
export interface LiveAgents extends Agents {
  replace(next: Agents): void
}

/** @param first the agents that answer until others are put in their place */
export function liveAgents(first: Agents): LiveAgents {
  let current = first
  return {
    get: (id) => current.get(id),
    has: (id) => current.has(id),
    use: (provider, model) => current.use(provider, model),
    list: () => current.list(),
    summary: (id) => current.summary(id),
    replace: (next) => void (current = next)
  }
}

/** @throws ConfigError if an agent names a provider, a model or a tool that is not there */
export function openAgents(config: Config, catalog: Catalog, tools: readonly Tool[]): Agents {
  const agents = new Map<string, Agent>()
  for (const [id, agent] of Object.entries(config.agents)) agents.set(id, openAgent(id, agent, catalog, tools))
  const usual = agents.get('default') ?? [...agents.values()][0]

  function get(id?: string): Agent {
    const agent = id === undefined ? usual : agents.get(id)
    if (!agent) throw new GatewayError('unknown_agent', `Unknown agent: ${id}`, { param: 'agentId' })
    return agent
  }

  return {
    has: (id) => agents.has(id),
    use: (provider, model) =>
      [...agents.values()].some(({ providerId, config }) => providerId === provider && config.model === model),
    get,
    list: () => Promise.all([...agents.values()].map(summarize)),
    summary: async (id) => summarize(get(id))
  }
}

/** @throws GatewayError `agent_suspended` */
export function refuseSuspended({ id, config }: Agent): void {
  if (config.suspended) throw new GatewayError('agent_suspended', `The agent is suspended: ${id}`)
}

async function summarize({ id, name, providerId, config, model }: Agent): Promise<AgentSummary> {
  const known =
    config.model ??
    (await model().then(
      (ref) => ref.model,
      () => ''
    ))
  return { id, name, provider: providerId, model: known, status: config.suspended ? 'suspended' : 'active' }
}

function openAgent(id: string, config: AgentConfig, catalog: Catalog, tools: readonly Tool[]): Agent {
  const providerId = config.provider ?? catalog.providers[0] ?? 'builtin'
  if (!catalog.providers.includes(providerId)) throw broken(id, 'provider', `there is no provider "${providerId}"`)
  if (config.model !== undefined) checkModel(id, catalog, providerId, config.model)
  const alternatives = config.fallbacks && findAll(config.fallbacks, catalog.named, `agents.${id}.fallbacks`)

  async function model(): Promise<ModelRef> {
    const own = config.model === undefined ? await catalog.usual(providerId) : catalog.get(providerId, config.model)
    return alternatives ? { ...own, alternatives } : own
  }

  return {
    id,
    name: config.name ?? id,
    config,
    providerId,
    tools: toolNames(config, providerId).map((name) => findTool(id, name, tools)),
    model
  }
}

/** The built-in model has nothing else to offer than what it remembers. */
const toolNames = ({ tools }: AgentConfig, providerId: string) =>
  providerId === 'builtin' ? [...new Set([...tools, ...MEMORY_TOOLS])] : tools

function checkModel(id: string, catalog: Catalog, providerId: string, model: string): void {
  try {
    catalog.get(providerId, model)
  } catch {
    throw broken(id, 'model', `the provider "${providerId}" lists no model "${model}"`)
  }
}

function findTool(id: string, name: string, tools: readonly Tool[]): Tool {
  const tool = tools.find(({ spec }) => spec.name === name)
  if (tool) return tool
  throw broken(id, 'tools', `there is no tool "${name}"; there are ${tools.map(({ spec }) => spec.name).join(', ')}`)
}

const broken = (id: string, key: string, message: string) => new ConfigError([{ path: `agents.${id}.${key}`, message }])
