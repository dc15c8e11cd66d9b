import { readFileSync } from 'node:fs'
import { isScalar, parseDocument, visit } from 'yaml'
import type { ConfigInput } from './schema.ts'
import type { Issue } from '../schema/explain.ts'
import { ConfigError } from './error.ts'

type Env = Record<string, string | undefined>

/**
 * Reads a YAML or JSON file and puts environment variables in: `${NAME}` and `${NAME:-default}` inside any string,
 * `$${` for a literal `${`. A number or a boolean may come from an unquoted value that holds nothing else.
 * @throws ConfigError if it cannot be read, is not YAML, or names a variable that is not set
 */
export function readConfigFile(path: string, env: Env): ConfigInput {
  const document = parseDocument(readText(path), { prettyErrors: true })
  const broken = document.errors.map((error) => ({ path: '', message: error.message.trim() }))
  if (broken.length > 0) throw new ConfigError(broken, path)
  const missing: Issue[] = []
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return
      const text = substitute(node.value, env, missing)
      node.value = node.type === 'PLAIN' && node.value.startsWith('${') ? typed(text) : text
    }
  })
  if (missing.length > 0) throw new ConfigError(missing, path)
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) return {}
  return document.toJS() as ConfigInput
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError([{ path: '', message: `cannot be read (${(error as NodeJS.ErrnoException).code})` }], path)
  }
}

const REFERENCE = /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

function substitute(text: string, env: Env, missing: Issue[]): string {
  return text.replace(REFERENCE, (whole, name: string, fallback: string | undefined) => {
    if (whole.startsWith('$$')) return whole.slice(1)
    const value = env[name] || fallback
    if (value === undefined) missing.push({ path: '', message: `the environment variable ${name} is not set` })
    return value ?? ''
  })
}

function typed(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : text
}
