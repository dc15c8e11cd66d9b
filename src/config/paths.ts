import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** An absolute path; a leading `~/` is the home folder of the user the process runs as. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(path)
}
