import { ConfigError } from './error.ts'
import type { Config } from './schema.ts'

/** Keys that hold a secret, wherever they stand. */
const SECRET = new Set(['headers', 'secret', 'secretHash', 'apiKey', 'token'])
const ADDRESS = 'baseURL'
/** Far more than a configuration has. */
const MOST_DEEP = 64
const HIDDEN = '[redacted]'

/** A configuration without its secrets, to be kept or shown. */
export function redact(config: Config): unknown {
  return withoutSecrets(config)
}

/** A value that stands at a path (`providers.up.apiKey`) of a configuration, without its secrets. */
export const redactAt = (path: string, value: unknown): unknown => shown(path.slice(path.lastIndexOf('.') + 1), value)

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries.map(([key, inner]) => [key, shown(key, inner)]))
}

function shown(key: string, value: unknown): unknown {
  if (SECRET.has(key)) return HIDDEN
  return key === ADDRESS && typeof value === 'string' ? withoutCredentials(value) : withoutSecrets(value)
}

/** An address may hold a password, or a key in its query. */
const withoutCredentials = (text: string) =>
  text.replace(/\/\/[^/?#]*@/, `//${HIDDEN}@`).replace(/\?[^#]*/, `?${HIDDEN}`)

/**
 * A patch as a client sends it that has read the configuration without its secrets: what it sends back as it was shown is
 * no change, and is left out.
 * @param current what the patch is for, with its secrets
 * @throws ConfigError where the patch hides something else, or names a file as a secret: whoever may change the configuration is
 * not thereby to read the files of the machine
 */
export function readPatch(patch: unknown, current: unknown, path = '', depth = 0): unknown {
  if (depth > MOST_DEEP) throw new ConfigError([{ path: '', message: `nested more than ${MOST_DEEP} levels deep` }])
  if (Array.isArray(patch)) for (const item of patch) readPatch(item, undefined, path, depth + 1)
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return checkHidden(patch, path)
  const kept: [string, unknown][] = []
  for (const [key, value] of Object.entries(patch)) {
    const here = path ? `${path}.${key}` : key
    const before = own(current, key)
    if (before !== undefined && asShown(key, before) === JSON.stringify(value)) continue
    if (SECRET.has(key) && typeof value === 'object' && value !== null) throw noFile(here)
    kept.push([key, readPatch(value, before, here, depth + 1)])
  }
  return Object.fromEntries(kept)
}

const own = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined

const asShown = (key: string, value: unknown) => JSON.stringify(shown(key, value))

function checkHidden(value: unknown, path: string): unknown {
  if (!JSON.stringify(value)?.includes(HIDDEN)) return value
  throw new ConfigError([{ path, message: `"${HIDDEN}" is not what stands there now: send the value itself` }])
}

const noFile = (path: string) =>
  new ConfigError([{ path, message: 'a file can only be named in the configuration file: send the secret itself' }])
