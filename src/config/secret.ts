import { readFileSync } from 'node:fs'
import type { Secret } from './schema.ts'
import { ConfigError } from './error.ts'
import { expandHome } from './paths.ts'

/**
 * The text of a secret, read from its file where it is kept in one.
 * @param path where in the configuration it stands, for the error
 * @throws ConfigError if the file cannot be read or is empty
 */
export function readSecret(secret: Secret, path: string): string {
  if (typeof secret === 'string') return secret
  const text = readText(secret.file, path).trim()
  if (!text) throw new ConfigError([{ path, message: `the file ${secret.file} is empty` }])
  return text
}

function readText(file: string, path: string): string {
  try {
    return readFileSync(expandHome(file), 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new ConfigError([{ path, message: `the file ${file} cannot be read (${code})` }])
  }
}
