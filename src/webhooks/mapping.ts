import { ConfigError } from '../config/error.ts'
import { readSecret } from '../config/secret.ts'
import type { Json } from '../json.ts'
import { leaseKey } from '../sessions/key.ts'
import { unwrapPush } from './pub-sub.ts'
import type { Config, MappingConfig, WebhooksConfig } from '../config/schema.ts'
import { allMappings, type PlacedMapping } from './presets.ts'
import { normalPath } from './check.ts'
import { clientOfMapping } from './client.ts'
import { openScheme } from './signatures/open.ts'
import type { Verifier } from './signatures/scheme.ts'
import { compileTemplate, type Template, type TemplateScope } from './template.ts'

/** A kind of delivery, ready to take some: its secret read, its templates compiled. */
export interface Mapping {
  readonly id: string
  /** Who its turns and sessions belong to. */
  readonly clientId: string
  readonly config: MappingConfig
  readonly verifier: Verifier
  /** The headers and parameters that its templates name; nothing else of them is kept. */
  readonly headers: readonly string[]
  readonly query: readonly string[]
  /** What the agent is told, where, and who gets its answer. @throws Undeliverable */
  render(scope: TemplateScope, turnId: string): Rendered
  /** What its deliveries are worked off in the order of: their session, where they share one. */
  laneOf(scope: TemplateScope): string | undefined
}

export interface Rendered {
  text: string
  sessionKey: string
  /** Of the channel that gets the answer. */
  to: string | undefined
}

/** What a delivery asks for cannot be done, now or later. */
export class Undeliverable extends Error {
  override readonly name = 'Undeliverable'
}

export interface Mappings {
  /** Those of a part of the address, in the order of the configuration. */
  at(path: string): readonly Mapping[]
  get(id: string): Mapping | undefined
  readonly all: readonly Mapping[]
  /** Verifies what is no mapping's; undefined without `webhooks.token`. */
  readonly generic: Verifier | undefined
}

/** Characters of a message. */
const MOST_TEXT = 100_000
const MOST_KEY = 256
const MOST_TO = 1000
const MAIN_SESSION = 'main'

/** @throws ConfigError for a secret that cannot be read, or that its scheme cannot use */
export function compileMappings({ webhooks }: Pick<Config, 'webhooks'>): Mappings {
  const verifiers = new Map<string, Verifier>()
  const all = allMappings(webhooks).map((placed) => compile(placed, webhooks, verifiers))
  const byId = new Map(all.map((mapping) => [mapping.id, mapping]))
  const byPath = Map.groupBy(all, ({ config }) => normalPath(config.match.path))
  return {
    all,
    at: (path) => byPath.get(normalPath(path)) ?? [],
    get: (id) => byId.get(id),
    generic: openGeneric(webhooks)
  }
}

function openGeneric({ token, signature }: WebhooksConfig): Verifier | undefined {
  if (token === undefined) return undefined
  return openScheme('hmac', { ...signature, secret: readSecret(token, 'webhooks.token') })
}

function compile(
  { mapping, path }: PlacedMapping,
  webhooks: WebhooksConfig,
  verifiers: Map<string, Verifier>
): Mapping {
  const { id, action } = mapping
  const clientId = clientOfMapping(id)
  const text = read(action === 'agent' ? mapping.messageTemplate : mapping.textTemplate)
  const [key, to] = [read(mapping.sessionKey), read(mapping.to)]
  const templates = [text, key, to].filter((template) => template !== undefined)
  const verifier = openVerifier({ mapping, path }, webhooks, verifiers)
  const isKept = action === 'wake' && mapping.wakeMode === 'next-heartbeat'
  const sharedKey = (scope: TemplateScope) => {
    if (key) return key.render(scope, MOST_KEY + 1)
    return action === 'wake' ? MAIN_SESSION : undefined
  }
  const named = new Set(templates.flatMap(({ headers }) => headers))
  return {
    id,
    clientId,
    config: mapping,
    verifier,
    headers: [...named].filter((name) => !verifier.signatureHeaders.includes(name)),
    query: [...new Set(templates.flatMap(({ query }) => query))],
    laneOf(scope) {
      const shared = isKept ? undefined : sharedKey(scope)
      return shared === undefined || shared.length > MOST_KEY ? undefined : leaseKey({ clientId, key: shared })
    },
    render: (scope, turnId) => ({
      text: filled(text, scope, MOST_TEXT),
      sessionKey: keyOf(sharedKey(scope) ?? `hook:${turnId}`),
      to: mapping.deliver && to ? filledWhole(to, scope, MOST_TO) : undefined
    })
  }
}

/** What the templates of a mapping see of a delivery. @param payload what its text holds */
export const scopeOf = (
  { headers, query, path, receivedAt }: Omit<TemplateScope, 'payload'>,
  payload: Json,
  { scheme }: MappingConfig
): TemplateScope => ({
  payload: scheme === 'bearer' ? unwrapPush(payload) : payload,
  headers,
  query,
  path,
  receivedAt
})

const read = (text: string | undefined) => (text === undefined ? undefined : compileTemplate(text))

/** Mappings that are signed in the same way share one: what comes to all of them is verified once. */
function openVerifier(
  { mapping, path }: PlacedMapping,
  { token, signature }: WebhooksConfig,
  verifiers: Map<string, Verifier>
): Verifier {
  const [secret, place] = mapping.secret === undefined ? [token, 'webhooks.token'] : [mapping.secret, `${path}.secret`]
  if (secret === undefined) throw new ConfigError([{ path, message: 'expected a `secret`' }])
  try {
    const settings = { ...signature, ...mapping.signature, secret: readSecret(secret, place) }
    const sameness = JSON.stringify([mapping.scheme, settings])
    const verifier = verifiers.get(sameness) ?? openScheme(mapping.scheme, settings)
    verifiers.set(sameness, verifier)
    return verifier
  } catch (error) {
    if (error instanceof TypeError) throw new ConfigError([{ path: place, message: error.message }])
    throw error
  }
}

function filled(template: Template | undefined, scope: TemplateScope, most: number, what = 'The template'): string {
  const text = template?.render(scope, most) ?? ''
  if (text.trim() === '') throw new Undeliverable(`${what} came to nothing`)
  return text
}

/** What would mean something else if it were cut off. */
function filledWhole(template: Template, scope: TemplateScope, most: number): string {
  const text = filled(template, scope, most + 1, '`to`')
  if (text.length > most) throw new Undeliverable(`\`to\` came to more than ${most} characters`)
  return text
}

function keyOf(key: string): string {
  if (key === '' || key === '.' || key === '..') throw new Undeliverable('The session key came to nothing usable')
  if (key.length > MOST_KEY) throw new Undeliverable(`The session key came to more than ${MOST_KEY} characters`)
  return key
}
