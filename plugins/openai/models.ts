import Type, { type Static } from 'typebox'
import type { Agents } from '../../src/agents/registry.ts'
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
  { description: 'All models.' }
)

/**
 * A model by its id, or by the part of it that no other model shares.
 * @throws GatewayError `model_not_found`
 */
export async function findModel(name: string, agents: Agents, catalog: Catalog): Promise<Model> {
  const models = await listModels(agents, catalog)
  const named = (id: string) => models.find((model) => model.id === id)
  const bare = models.filter((model) => model.id.slice(model.id.indexOf('/') + 1) === name)
  const found = named(name) ?? named(`agent/${name}`) ?? (bare.length === 1 ? bare[0] : undefined)
  if (!found) throw new GatewayError('model_not_found', `There is no model "${name}"`, { param: 'model' })
  return found
}

/** Agents first, then the models of each provider. */
export async function listModels(agents: Agents, catalog: Catalog): Promise<Model[]> {
  const [summaries, entries] = await Promise.all([agents.list(), catalog.list()])
  return [
    ...summaries.map(({ id }) => toModel(`agent/${id}`, 0, 'comis-gateway')),
    ...entries.map(({ id, created, providerId }) => toModel(id, created, providerId))
  ]
}

const toModel = (id: string, created: number, ownedBy: string): Model => ({
  id,
  object: 'model',
  created,
  owned_by: ownedBy
})
