import { ConfigError } from '../config/error.ts'
import { embeddingIssues } from '../config/parse.ts'
import type { Config } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import type { ProviderHealth } from '../models/health.ts'
import { providerOptions } from '../models/provider-options.ts'
import { PROVIDER_TYPES } from '../models/provider-types.ts'
import { OFFLINE, offlineEmbedder } from './offline/embedder.ts'
import type { Embedder, Embedders } from './port.ts'
import { remoteEmbedder, type RemoteModel } from './remote.ts'

type Env = Record<string, string | undefined>

/** The embedding models of one provider. */
interface Source {
  /** Those that the configuration names. */
  listed: Embedder[]
  /** A model by its id; undefined where the provider has none of this name, or none at all. */
  get(model: string): Embedder | undefined
}

/**
 * The embedding models of all providers, and the offline one unless `embeddings` is false. Nothing is loaded or asked
 * before a model is used.
 * @param config with its providers: what is left out has no models
 * @param health is told how calls of providers end, if it is given
 * @throws ConfigError where `embeddings` names what is not there, or a secret file cannot be read
 */
export function openEmbedders(config: Config, env: Env, health?: ProviderHealth): Embedders {
  const { embeddings, providers = {} } = config
  const issues = embeddingIssues({ ...config, providers })
  if (issues.length > 0) throw new ConfigError(issues)
  const offline = embeddings === false ? undefined : offlineEmbedder()
  const sources = new Map<string, Source>()
  const closing = new AbortController()
  for (const id of Object.keys(providers)) {
    sources.set(id, openSource(id, config, env, { closing: closing.signal, health }))
  }
  if (offline) sources.set(OFFLINE.provider, fixed(offline))
  const usual = usualOf(embeddings, sources)

  function list(): Embedder[] {
    const all = new Set(usual ? [usual] : [])
    for (const { listed } of sources.values()) for (const embedder of listed) all.add(embedder)
    return [...all]
  }

  function find(name: string): Embedder {
    const all = list()
    const slash = name.indexOf('/')
    const named =
      all.find(({ id }) => id === name) ??
      (slash > 0 ? sources.get(name.slice(0, slash))?.get(name.slice(slash + 1)) : undefined)
    if (named) return named
    const [one, another] = all.filter(({ model }) => model === name)
    if (!one) throw notFound(name)
    if (another) {
      const message = `More than one provider has "${name}": name it as "${one.id}"`
      throw new GatewayError('model_not_found', message, { param: 'model' })
    }
    return one
  }

  async function close(): Promise<void> {
    closing.abort(new GatewayError('busy', 'The gateway is shutting down', { retryAfterSeconds: 1 }))
    await offline?.[Symbol.asyncDispose]()
  }

  return { usual, find, list, close }
}

const notFound = (name: string) =>
  new GatewayError('model_not_found', `There is no embedding model "${name}"`, { param: 'model' })

const fixed = (embedder: Embedder): Source => ({
  listed: [embedder],
  get: (model) => (model === embedder.model ? embedder : undefined)
})

function openSource(
  providerId: string,
  { providers = {} }: Config,
  env: Env,
  ports: Pick<RemoteModel, 'closing' | 'health'>
): Source {
  const config = providers[providerId]
  const type = config && PROVIDER_TYPES[config.type]
  if (!config || !type?.embed) return { listed: [], get: () => undefined }
  const api = type.embed(providerOptions(providerId, config, env))
  const configured = config.models
    ?.filter(({ kind }) => kind === 'embedding')
    .map(({ id: model, dimensions }) => remoteEmbedder({ providerId, model, api, dimensions, ...ports }))
  return {
    listed: configured ?? [],
    get(model) {
      if (configured) return configured.find((candidate) => candidate.model === model)
      return model === '' ? undefined : remoteEmbedder({ providerId, model, api, ...ports })
    }
  }
}

function usualOf(embeddings: Config['embeddings'], sources: Map<string, Source>): Embedder | undefined {
  if (embeddings === false) return undefined
  const { provider, model } = embeddings ?? OFFLINE
  const usual = sources.get(provider)?.get(model)
  if (usual) return usual
  const message = `the provider "${provider}" is of a type that has no embedding models`
  throw new ConfigError([{ path: 'embeddings.provider', message }])
}
