import Type, { type Static } from 'typebox'
import { mayUseAgent, mayUseModel } from '../../src/access/limits.ts'
import type { Principal } from '../../src/access/principal.ts'
import type { Agents } from '../../src/agents/registry.ts'
import type { Embedders } from '../../src/embeddings/port.ts'
import { GatewayError } from '../../src/errors.ts'
import type { Catalog } from '../../src/models/catalog.ts'

export const Model = Type.Object(
  {
    id: Type.String({ description: '`provider/model` or `agent/<id>`.' }),
    object: Type.Literal('model'),
    created: Type.Integer({ description: 'Seconds since the epoch; 0 where it is not known.' }),
    owned_by: Type.String()
  },
  { description: 'A model.' }
)
export type Model = Static<typeof Model>

export const ModelList = Type.Object(
  { object: Type.Literal('list'), data: Type.Array(Model) },
  { description: 'All models that the token may use.' }
)

/** Where models come from. */
interface Sources {
  agents: Agents
  catalog: Catalog
  embedders: Embedders
}

/**
 * A model by its id, or by the part of it that no other model shares.
 * @throws GatewayError `model_not_found`
 */
export async function findModel(name: string, by: Principal, sources: Sources): Promise<Model> {
  const models = await listModels(by, sources)
  const named = (id: string) => models.find((model) => model.id === id)
  const bare = models.filter((model) => model.id.slice(model.id.indexOf('/') + 1) === name)
  const found = named(name) ?? named(`agent/${name}`) ?? (bare.length === 1 ? bare[0] : undefined)
  if (!found) throw new GatewayError('model_not_found', `There is no model "${name}"`, { param: 'model' })
  return found
}

/** What a client may use: agents first, then the models of each provider, then those that embed. */
export async function listModels(by: Principal, { agents, catalog, embedders }: Sources): Promise<Model[]> {
  const [summaries, entries] = await Promise.all([agents.list(), catalog.list()])
  const listed = new Set(entries.map(({ id }) => id)) // some providers list those that embed among all others
  return [
    ...summaries.flatMap(({ id }) => (mayUseAgent(by, id) ? [toModel(`agent/${id}`, 0, 'comis-gateway')] : [])),
    ...[
      ...entries.map(({ id, created, providerId }) => toModel(id, created, providerId)),
      ...embedders.list().flatMap(({ id, providerId }) => (listed.has(id) ? [] : [toModel(id, 0, providerId)]))
    ].filter(({ id }) => mayUseModel(by, id))
  ]
}

const toModel = (id: string, created: number, ownedBy: string): Model => ({
  id,
  object: 'model',
  created,
  owned_by: ownedBy
})
