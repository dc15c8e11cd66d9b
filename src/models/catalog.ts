import { ConfigError } from '../config/error.ts'
import { type Config, type ModelConfig, PROVIDER_DEFAULTS, type ProviderConfig } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import { type CachedList, cachedList, fixedList } from './cached-list.ts'
import type { ModelProvider } from './port.ts'
import { ProviderGate } from './provider-gate.ts'
import { providerOptions } from './provider-options.ts'
import { PROVIDER_TYPES } from './provider-types.ts'

/** A model of a provider, ready to be called. */
export interface ModelRef {
  providerId: string
  model: string
  provider: ModelProvider
  /** What the configuration says of it, if anything. */
  config: ModelConfig | undefined
  /** How its provider is, for all models of it. */
  gate: ProviderGate
  /** Models that may answer in its place, in their order; of one that stands in for another none. */
  alternatives: readonly ModelRef[]
}

/** A model as `GET /v1/models` lists it. */
export interface CatalogEntry {
  /** `provider/model`. */
  id: string
  providerId: string
  /** Seconds since the epoch; 0 where the provider does not tell. */
  created: number
}

/** All models of all providers. */
export interface Catalog {
  /** Provider ids, in the order of the configuration, `builtin` last. */
  readonly providers: string[]
  /**
   * The model of a provider.
   * @throws GatewayError `model_not_found` if there is no such provider, or the configuration does not list the model
   */
  get(providerId: string, model: string): ModelRef
  /** The same by its name, `provider/model`. @throws GatewayError `model_not_found` */
  named(name: string): ModelRef
  /**
   * A model by the name a client gives: `provider/model`, or a model id that one provider alone has.
   * @throws GatewayError `model_not_found`
   */
  find(name: string): Promise<ModelRef>
  /** The model for those who name none. @throws GatewayError `model_not_found` if the provider tells of none */
  usual(providerId: string): Promise<ModelRef>
  /** USD per million tokens, where the configuration tells. */
  priceOf(providerId: string, model: string): ModelConfig['price']
  /** What is known now; a provider that cannot be asked is left out. */
  list(): Promise<CatalogEntry[]>
  /** How a provider is; undefined where there is none of this id. */
  gate(providerId: string): ProviderGate | undefined
  /** Whether the configuration, or the provider when it was last asked, names the model; it is not asked for this. */
  lists(providerId: string, model: string): boolean
}

interface Provider {
  id: string
  provider: ModelProvider
  gate: ProviderGate
  configured: ModelConfig[] | undefined
  usualModel: string | undefined
  listed: CachedList
}

type Env = Record<string, string | undefined>

export interface CatalogOptions {
  configs: NonNullable<Config['providers']>
  env: Env
  /** The catalog before: how a provider is stays known as long as its configuration is the same. */
  former: Catalog | undefined
  /** A provider could not be asked for its models. */
  onError(error: unknown): void
}

/** @throws ConfigError for a secret file that cannot be read, and for fallbacks that are not there */
export function openCatalog({ configs, env, former, onError }: CatalogOptions): Catalog {
  const providers = new Map<string, Provider>()
  for (const [id, config] of Object.entries({ ...configs, builtin: BUILTIN })) {
    providers.set(id, openProvider(id, config, env, { gate: gateOf(id, config, former), onError }))
  }
  checkFallbacks(configs, named)

  function alone(providerId: string, model: string): ModelRef {
    const found = providers.get(providerId)
    const config = found?.configured?.find((candidate) => candidate.id === model)
    if (!found || (found.configured && config?.kind !== 'chat')) throw notFound(`${providerId}/${model}`)
    return { providerId, model, provider: found.provider, config, gate: found.gate, alternatives: NONE }
  }

  function get(providerId: string, model: string): ModelRef {
    const ref = alone(providerId, model)
    const fallbacks = ref.config?.fallbacks
    return fallbacks ? { ...ref, alternatives: fallbacks.map(named) } : ref
  }

  function named(name: string): ModelRef {
    const slash = name.indexOf('/')
    if (slash < 1) throw notFound(name)
    return alone(name.slice(0, slash), name.slice(slash + 1))
  }

  async function find(name: string): Promise<ModelRef> {
    const slash = name.indexOf('/')
    if (slash > 0 && providers.has(name.slice(0, slash))) return get(name.slice(0, slash), name.slice(slash + 1))
    const owners = await Promise.all(
      [...providers.values()].map(async (provider) => {
        const models = await provider.listed.read()
        return models.some((model) => model.id === name) ? [provider.id] : []
      })
    )
    const [owner, another] = owners.flat()
    if (owner === undefined) throw notFound(name)
    if (another !== undefined) {
      throw new GatewayError('model_not_found', `More than one provider has "${name}": name it as "${owner}/${name}"`, {
        param: 'model'
      })
    }
    return get(owner, name)
  }

  async function usual(providerId: string): Promise<ModelRef> {
    const found = providers.get(providerId)
    if (!found) throw notFound(providerId)
    const model =
      found.configured?.find(({ kind }) => kind === 'chat')?.id ??
      found.usualModel ??
      (await found.listed.read())[0]?.id
    if (model === undefined) {
      throw new GatewayError('model_not_found', `The provider "${providerId}" tells of no model: name one`, {
        param: 'model'
      })
    }
    return get(providerId, model)
  }

  async function list(): Promise<CatalogEntry[]> {
    const all = await Promise.all(
      [...providers.values()].map(async ({ id: providerId, listed }) =>
        (await listed.read()).map(({ id, created = 0 }) => ({ id: `${providerId}/${id}`, providerId, created }))
      )
    )
    return all.flat()
  }

  const priceOf = (providerId: string, model: string) =>
    providers.get(providerId)?.configured?.find(({ id }) => id === model)?.price

  const gate = (providerId: string) => providers.get(providerId)?.gate

  const lists = (providerId: string, model: string) => {
    const found = providers.get(providerId)
    return found !== undefined && (found.usualModel === model || found.listed.has(model))
  }

  return { providers: [...providers.keys()], lists, get, named, priceOf, find, usual, list, gate }
}

const NONE: readonly ModelRef[] = []

const BUILTIN: ProviderConfig = {
  type: 'builtin',
  models: [
    { id: 'recall', kind: 'chat' },
    { id: 'echo', kind: 'chat' }
  ],
  ...PROVIDER_DEFAULTS
}
const notFound = (name: string) =>
  new GatewayError('model_not_found', `There is no model "${name}"`, { param: 'model' })

/** Another configuration is a new beginning: a breaker that is open for the old one must not keep the new one away. */
function gateOf(id: string, config: ProviderConfig, former: Catalog | undefined): ProviderGate {
  const known = former?.gate(id)
  return known && JSON.stringify(known.config) === JSON.stringify(config) ? known : new ProviderGate(id, config)
}

function checkFallbacks(configs: CatalogOptions['configs'], find: (name: string) => ModelRef): void {
  for (const [id, { models = [] }] of Object.entries(configs)) {
    for (const [index, { fallbacks = [] }] of models.entries()) {
      findAll(fallbacks, find, `providers.${id}.models.${index}.fallbacks`)
    }
  }
}

/**
 * The models that a list in the configuration names.
 * @param path where the list stands
 * @throws ConfigError with the path of each that is not there
 */
export function findAll(names: readonly string[], find: (name: string) => ModelRef, path: string): ModelRef[] {
  return names.map((name, index) => {
    try {
      return find(name)
    } catch {
      throw new ConfigError([{ path: `${path}.${index}`, message: `there is no model "${name}"` }])
    }
  })
}

function openProvider(
  id: string,
  config: ProviderConfig,
  env: Env,
  { gate, onError }: Pick<CatalogOptions, 'onError'> & { gate: ProviderGate }
): Provider {
  const type = PROVIDER_TYPES[config.type]
  const provider = type.create(providerOptions(id, config, env))
  const configured = config.models
  return {
    id,
    provider,
    gate,
    configured,
    usualModel: configured ? undefined : type.usualModel,
    listed: configured ? fixedList(configured.filter(({ kind }) => kind === 'chat')) : cachedList(provider, onError)
  }
}
