import type { AgentConfig, ConfigInput } from '../config/schema.ts'
import type { LiveConfig } from '../config/live.ts'
import { GatewayError } from '../errors.ts'

/** What may be said of an agent; the rest are defaults. */
export type AgentInput = NonNullable<ConfigInput['agents']>[string]

/** Adds, changes and takes away agents while the gateway runs: changes of its configuration, kept as such. */
export interface AgentManager {
  /** @throws GatewayError `invalid_request` if there is one of this id; ConfigError */
  create(id: string, agent: AgentInput, by: string): Promise<void>
  /** Changes what is given; null sets a key back to its default. @throws GatewayError `unknown_agent`; ConfigError */
  update(id: string, agent: { [K in keyof AgentConfig]?: AgentConfig[K] | null }, by: string): Promise<void>
  /** Its turns are refused, or taken again; those that run go on. @throws GatewayError `unknown_agent` */
  suspend(id: string, suspended: boolean, by: string): Promise<void>
  /** Turns that run go on. @throws GatewayError `unknown_agent`; `invalid_request` for the last agent */
  remove(id: string, by: string): Promise<void>
}

/** @param config keeps what is changed, and has the agents taken up */
export function manageAgents(config: LiveConfig): AgentManager {
  async function patch(id: string, agent: object | null, by: string): Promise<void> {
    await config.patch(({ agents }) => {
      if (!Object.hasOwn(agents, id)) throw unknown(id)
      if (agent === null && Object.keys(agents).length === 1) throw lastOne()
      return { agents: { [id]: agent } }
    }, by)
  }

  return {
    async create(id, agent, by) {
      await config.patch(({ agents }) => {
        if (Object.hasOwn(agents, id)) throw taken(id)
        return { agents: { [id]: agent } }
      }, by)
    },
    update: patch,
    suspend: (id, suspended, by) => patch(id, { suspended }, by),
    remove: (id, by) => patch(id, null, by)
  }
}

const unknown = (id: string) => new GatewayError('unknown_agent', `Unknown agent: ${id}`, { param: 'agentId' })
const taken = (id: string) =>
  new GatewayError('invalid_request', `There is an agent "${id}" already`, { param: 'agentId' })
const lastOne = () =>
  new GatewayError('invalid_request', 'The last agent cannot be deleted: create another one first', {
    param: 'agentId'
  })
