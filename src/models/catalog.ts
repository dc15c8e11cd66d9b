import type { Config, ModelConfig, ProviderConfig } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import type { ListedModel, ModelProvider } from './port.ts'
import { providerOptions } from './provider-options.ts'
import { PROVIDER_TYPES } from './provider-types.ts'

/** A model of a provider, ready to be called. */
export interface ModelRef {
  providerId: string
  model: string
  provider: ModelProvider
  /** What the configuration says of it, if anything. */
  config: ModelConfig | undefined
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
}

/** A catalog in whose place another can be put while others hold it. */
export interface LiveCatalog extends Catalog {
  replace(next: Catalog): void
}

export function liveCatalog(first: Catalog): LiveCatalog {
  let current = first
  return {
    get providers() {
      return current.providers
    },
    get: (providerId, model) => current.get(providerId, model),
    find: (name) => current.find(name),
    usual: (providerId) => current.usual(providerId),
    priceOf: (providerId, model) => current.priceOf(providerId, model),
    list: () => current.list(),
    replace: (next) => void (current = next)
  }
}

interface Provider {
  id: string
  provider: ModelProvider
  configured: ModelConfig[] | undefined
  usualModel: string | undefined
  listed: () => Promise<ListedModel[]>
}

type Env = Record<string, string | undefined>

/** @throws ConfigError for a secret file that cannot be read */
export function openCatalog(
  configs: NonNullable<Config['providers']>,
  env: Env,
  onError: (error: unknown) => void
): Catalog {
  const providers = new Map<string, Provider>()
  for (const [id, config] of Object.entries({ ...configs, builtin: BUILTIN })) {
    providers.set(id, openProvider(id, config, env, onError))
  }

  function get(providerId: string, model: string): ModelRef {
    const found = providers.get(providerId)
    const config = found?.configured?.find((candidate) => candidate.id === model)
    if (!found || (found.configured && config?.kind !== 'chat')) throw notFound(`${providerId}/${model}`)
    return { providerId, model, provider: found.provider, config }
  }

  async function find(name: string): Promise<ModelRef> {
    const slash = name.indexOf('/')
    if (slash > 0 && providers.has(name.slice(0, slash))) return get(name.slice(0, slash), name.slice(slash + 1))
    const owners = await Promise.all(
      [...providers.values()].map(async (provider) => {
        const models = await provider.listed()
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
      found.configured?.find(({ kind }) => kind === 'chat')?.id ?? found.usualModel ?? (await found.listed())[0]?.id
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
        (await listed()).map(({ id, created = 0 }) => ({ id: `${providerId}/${id}`, providerId, created }))
      )
    )
    return all.flat()
  }

  const priceOf = (providerId: string, model: string) =>
    providers.get(providerId)?.configured?.find(({ id }) => id === model)?.price

  return { providers: [...providers.keys()], get, priceOf, find, usual, list }
}

const BUILTIN: ProviderConfig = {
  type: 'builtin',
  models: [
    { id: 'recall', kind: 'chat' },
    { id: 'echo', kind: 'chat' }
  ],
  timeoutMs: 120_000
}
const notFound = (name: string) =>
  new GatewayError('model_not_found', `There is no model "${name}"`, { param: 'model' })

function openProvider(id: string, config: ProviderConfig, env: Env, onError: (error: unknown) => void): Provider {
  const type = PROVIDER_TYPES[config.type]
  const provider = type.create(providerOptions(id, config, env))
  const configured = config.models
  return {
    id,
    provider,
    configured,
    usualModel: configured ? undefined : type.usualModel,
    listed: configured ? async () => configured.filter(({ kind }) => kind === 'chat') : cachedList(provider, onError)
  }
}

const LIST_TIMEOUT_MS = 3000
const FRESH_MS = 60_000
const RETRY_MS = 5000

/** Asks a provider for its models at most once a minute; after a failure again after five seconds. */
function cachedList(provider: ModelProvider, onError: (error: unknown) => void): () => Promise<ListedModel[]> {
  let known: ListedModel[] = []
  let askAgainAt = 0
  let asking: Promise<ListedModel[]> | undefined

  async function ask(): Promise<ListedModel[]> {
    try {
      known = await provider.list(AbortSignal.timeout(LIST_TIMEOUT_MS))
      askAgainAt = Date.now() + FRESH_MS
    } catch (error) {
      askAgainAt = Date.now() + RETRY_MS
      onError(error)
    } finally {
      asking = undefined
    }
    return known
  }

  return async () => (Date.now() < askAgainAt ? known : (asking ??= ask()))
}
