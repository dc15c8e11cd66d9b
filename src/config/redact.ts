import type { Config } from './schema.ts'

/** Keys that hold a secret, wherever they stand. */
const SECRET = new Set(['secret', 'secretHash', 'apiKey', 'token'])
const HIDDEN = '[redacted]'

/** A configuration without its secrets, to be kept or shown. */
export function redact(config: Config): unknown {
  return withoutSecrets(config)
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value === 'string') return withoutCredentials(value)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries.map(([key, inner]) => [key, SECRET.has(key) ? HIDDEN : withoutSecrets(inner)]))
}

/** An address may hold a password, or a key in its query. */
const withoutCredentials = (text: string) =>
  /^https?:/.test(text) ? text.replace(/\/\/[^/?#]*@/, `//${HIDDEN}@`).replace(/\?[^#]*/, `?${HIDDEN}`) : text

/** The paths at which two JSON values differ, as in `gateway.port`; a key that one alone has is told as a whole. */
export function changedPaths(before: unknown, after: unknown, path = ''): string[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...keys].flatMap((key) => changedPaths(before[key], after[key], path ? `${path}.${key}` : key))
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [path]
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
