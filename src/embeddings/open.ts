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

/** Embedders whose providers can be changed while others hold them. */
export interface LiveEmbedders extends Embedders {
  /**
   * Makes ready what other providers have; the usual embedder stays the one of the start.
   * @returns what takes them up
   * @throws ConfigError as opening does
   */
  prepare(config: Config): () => void
}

/**
 * The embedding models of all providers, and the offline one unless `embeddings` is false. Nothing is loaded or asked
 * before a model is used.
 * @param config with its providers: what is left out has no models
 * @param health is told how calls of providers end, if it is given
 * @throws ConfigError where `embeddings` names what is not there, or a secret file cannot be read
 */
export function openEmbedders(config: Config, env: Env, health?: ProviderHealth): LiveEmbedders {
  const offline = config.embeddings === false ? undefined : offlineEmbedder()
  const closing = new AbortController()
  const ports = { closing: closing.signal, health }

  function openSources(wanted: Config): Map<string, Source> {
    const { embeddings, providers = {} } = wanted
    const issues = embeddingIssues({ embeddings, providers })
    if (issues.length > 0) throw new ConfigError(issues)
    const opened = new Map<string, Source>()
    for (const id of Object.keys(providers)) opened.set(id, openSource(id, wanted, env, ports))
    if (offline) opened.set(OFFLINE.provider, fixed(offline))
    return opened
  }

  let sources = openSources(config)
  let current = usualOf(config.embeddings, sources)
  const usual = current && follow(current, () => current)

  function prepare(next: Config): () => void {
    const opened = openSources(next)
    const sameChoice = JSON.stringify(next.embeddings) === JSON.stringify(config.embeddings)
    const chosen = usualOf(next.embeddings, opened)
    return () => {
      sources = opened
      if (sameChoice) current = chosen
    }
  }

  function list(): Embedder[] {
    const all = new Map(usual ? [[usual.id, usual]] : [])
    for (const { listed } of sources.values()) {
      for (const embedder of listed) if (!all.has(embedder.id)) all.set(embedder.id, embedder)
    }
    return [...all.values()]
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

  return { usual, find, list, close, prepare }
}

/** An embedder that stays the same while what is behind it is replaced by another of its name. */
function follow({ id, providerId, model }: Embedder, current: () => Embedder | undefined): Embedder {
  return {
    id,
    providerId,
    model,
    get dimensions() {
      return current()?.dimensions
    },
    async embed(request, signal) {
      const embedder = current()
      if (!embedder) throw notFound(id)
      return embedder.embed(request, signal)
    }
  }
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
  const all = { ...ports, maxRetries: config.maxRetries }
  const configured = config.models
    ?.filter(({ kind }) => kind === 'embedding')
    .map(({ id: model, dimensions }) => remoteEmbedder({ providerId, model, api, dimensions, ...all }))
  return {
    listed: configured ?? [],
    get(model) {
      if (configured) return configured.find((candidate) => candidate.model === model)
      return model === '' ? undefined : remoteEmbedder({ providerId, model, api, ...all })
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
