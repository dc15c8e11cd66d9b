import { PrivateFileError, readPrivateFile } from '../private-file.ts'
import type { Secret } from './schema.ts'
import { ConfigError } from './error.ts'
import { expandHome } from './paths.ts'

/**
 * The text of a secret, read from its file where it is kept in one.
 * @param path where in the configuration it stands, for the error
 * @throws ConfigError if the file cannot be read, is empty, or can be read by others
 */
export function readSecret(secret: Secret, path: string): string {
  if (typeof secret === 'string') return secret
  const text = readText(secret.file, path).trim()
  if (!text) throw new ConfigError([{ path, message: `the file ${secret.file} is empty` }])
  return text
}

function readText(file: string, path: string): string {
  try {
    return readPrivateFile(expandHome(file))
  } catch (error) {
    if (error instanceof PrivateFileError) throw new ConfigError([{ path, message: error.message }])
    throw error
  }
}
