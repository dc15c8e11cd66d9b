import type { Catalog } from '../models/catalog.ts'
import type { Target } from '../turns/turn.ts'
import type { Agents } from './registry.ts'

/**
 * Whom a client means by the name of a model: `agent/<id>`, `provider/model`, an agent's bare id, or the bare id of a
 * model that one provider alone has, in this order.
 * @throws GatewayError `model_not_found`
 */
export async function findTarget(name: string, agents: Agents, catalog: Catalog): Promise<Target> {
  const named = name.startsWith('agent/') ? name.slice('agent/'.length) : name
  if (agents.has(named)) return { agent: agents.get(named) }
  return { model: await catalog.find(name) }
}
