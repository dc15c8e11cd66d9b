import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { Agent, Channel, Config, type ConfigInput, Provider } from './schema.ts'
import { type Issue, explain } from '../schema/explain.ts'
import { ConfigError } from './error.ts'
import { webhookIssues } from '../webhooks/check.ts'
import { limitIssues } from './budgets.ts'
import { wrongWithScopes } from './scopes.ts'
import { tlsIssues } from './tls-issues.ts'

const validator = Compile(Config)

/**
 * Checks a configuration as a file or a host gives it and fills in the defaults. The input is not changed.
 * @param source named in the error, such as the file's path
 * @throws ConfigError with every issue found
 */
export function parseConfig(input: ConfigInput, source?: string): Config {
  const poisoned = prototypeKeys(input)
  if (poisoned.length > 0) throw new ConfigError(poisoned, source)
  const config: unknown = withDefaults(input)
  if (!validator.Check(config)) throw new ConfigError(explain(Config, validator.Errors(config)), source)
  const issues = contradictions(config)
  if (issues.length > 0) throw new ConfigError(issues, source)
  const { webDistPath, ...web } = config.gateway.web
  return { ...config, gateway: { ...config.gateway, web: { ...web, distPath: web.distPath ?? webDistPath } } }
}

/** The validator does not see this key in a record, where it would become an id. */
function prototypeKeys(value: unknown, path: string[] = []): Issue[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, key]
    return key === '__proto__' ? [{ path: here.join('.'), message: 'unknown key' }] : prototypeKeys(inner, here)
  })
}

function withDefaults(input: ConfigInput): unknown {
  // YAML reads an empty section as null; it means "all defaults" there.
  const config = Value.Default(Config, structuredClone(dropNulls(input))) as Record<string, unknown>
  // TypeBox does not look for defaults inside records.
  return {
    ...config,
    ...defaultsOfEach(config, 'agents', Agent),
    ...defaultsOfEach(config, 'providers', Provider),
    ...defaultsOfEach(config, 'channels', Channel)
  }
}

function defaultsOfEach(config: Record<string, unknown>, key: string, schema: TSchema): Record<string, unknown> {
  const entries = config[key]
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) return {}
  const filled = Object.entries(entries).map(([id, entry]) => [id, Value.Default(schema, entry)])
  return { [key]: Object.fromEntries(filled) }
}

function contradictions(config: Config): Issue[] {
  return [
    ...tokenIssues(config),
    ...tlsIssues(config),
    ...limitIssues(config),
    ...metricsIssues(config),
    ...providerIssues(config),
    ...agentIssues(config),
    ...embeddingIssues(config),
    ...webhookIssues(config)
  ]
}

function tokenIssues({ gateway }: Config): Issue[] {
  const issues: Issue[] = []
  const seen = new Set<string>()
  for (const [index, token] of gateway.tokens.entries()) {
    const path = `gateway.tokens.${index}`
    if (seen.has(token.id)) issues.push({ path: `${path}.id`, message: `"${token.id}" is used by another token` })
    seen.add(token.id)
    if ((token.secret === undefined) === (token.secretHash === undefined)) {
      issues.push({ path, message: 'expected either `secret` or `secretHash`' })
    }
    if (typeof token.secret === 'string' && token.secret.length < 32) {
      issues.push({ path: `${path}.secret`, message: 'expected at least 32 characters' })
    }
    const wrong = wrongWithScopes(token.scopes)
    if (wrong) issues.push({ path: `${path}.scopes`, message: wrong })
    // A leap second is a time of that format which no clock here has.
    if (token.expiresAt !== undefined && Number.isNaN(Date.parse(token.expiresAt))) {
      issues.push({ path: `${path}.expiresAt`, message: 'there is no such time' })
    }
  }
  return issues
}

function metricsIssues({ gateway: { metrics } }: Config): Issue[] {
  if (typeof metrics === 'string' || typeof metrics.token !== 'string' || metrics.token.length >= 32) return []
  return [{ path: 'gateway.metrics.token', message: 'expected at least 32 characters' }]
}

function providerIssues({ providers = {} }: Config): Issue[] {
  const issues: Issue[] = []
  for (const [id, provider] of Object.entries(providers)) {
    if (id === 'agent') issues.push({ path: 'providers.agent', message: 'the id "agent" is reserved' })
    if (id === 'builtin' && provider.type !== 'builtin') {
      issues.push({ path: 'providers.builtin', message: 'the id "builtin" is reserved for the type builtin' })
    }
    if (id === 'offline') {
      issues.push({
        path: 'providers.offline',
        message: 'the id "offline" is reserved for the offline embedding model'
      })
    }
    for (const [index, { kind, fallbacks }] of (provider.models ?? []).entries()) {
      if (kind !== 'embedding' || !fallbacks) continue
      const message = 'a model that embeds has none: vectors of two models cannot be compared'
      issues.push({ path: `providers.${id}.models.${index}.fallbacks`, message })
    }
    if (provider.type === 'openai-compatible' && !provider.baseURL) {
      issues.push({ path: `providers.${id}.baseURL`, message: 'missing: an openai-compatible provider needs it' })
    }
  }
  return issues
}

function agentIssues({ agents, providers }: Config): Issue[] {
  if (!providers) return [] // which providers there are is only known once the environment was searched
  return Object.entries(agents)
    .filter(([, agent]) => agent.provider && agent.provider !== 'builtin' && !Object.hasOwn(providers, agent.provider))
    .map(([id, agent]) => ({ path: `agents.${id}.provider`, message: `there is no provider "${agent.provider}"` }))
}

/**
 * Where `embeddings` names what the providers do not have. Their types are not looked at.
 * @param config with its providers; as long as they are left out nothing can be said
 */
export function embeddingIssues({ embeddings, providers }: Pick<Config, 'embeddings' | 'providers'>): Issue[] {
  if (!embeddings || !providers) return []
  const { provider: id, model } = embeddings
  if (id === 'offline') {
    const known = model === 'embeddings-en'
    return known ? [] : [{ path: 'embeddings.model', message: 'the offline model is "embeddings-en"' }]
  }
  const provider = Object.hasOwn(providers, id) ? providers[id] : undefined
  if (!provider) return [{ path: 'embeddings.provider', message: `there is no provider "${id}"` }]
  const listed = provider.models?.some((candidate) => candidate.id === model && candidate.kind === 'embedding') ?? true
  if (listed) return []
  const message = `providers.${id}.models has no "${model}" with \`kind: embedding\``
  return [{ path: 'embeddings.model', message }]
}

function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNulls)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, inner]) => inner !== null)
  return Object.fromEntries(kept.map(([key, inner]) => [key, dropNulls(inner)]))
}
