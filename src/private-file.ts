import { closeSync, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs'

/** Why a file that holds a secret cannot be used. Its message is one line, which names the file and nothing that is in it. */
export class PrivateFileError extends Error {
  override readonly name = 'PrivateFileError'
}

const OF_GROUP_OR_OTHERS = 0o077
/** What PostgreSQL forbids of a key that root owns: it may be readable by the group of the service, as `ssl-cert` is. */
const ALL_BUT_GROUP_READ = 0o037
const ROOT = 0

/**
 * Reads a file that nobody else is to read.
 * @throws PrivateFileError if it cannot be read, or others can
 */
export function readPrivateFile(path: string): string {
  let fd: number | undefined
  try {
    fd = openSync(path, 'r')
    refuseShared(path, fstatSync(fd))
    return readFileSync(fd, 'utf8')
  } catch (error) {
    if (error instanceof PrivateFileError) throw error
    throw new PrivateFileError(`the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/**
 * Whether nobody else reads a file, if it is there.
 * @throws PrivateFileError if others can read it
 */
export function checkPrivateFile(path: string): void {
  // It is not opened: closing it would take the locks away that SQLite holds on it (SQLite, "How To Corrupt", 2.2).
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats) refuseShared(path, stats)
}

/** The rule of OpenSSH and PostgreSQL for private keys. On Windows a mode says nothing. */
function refuseShared(path: string, { mode, uid }: Stats): void {
  const own = process.getuid?.()
  if (own === undefined) return
  const forbidden = uid === ROOT && own !== ROOT ? ALL_BUT_GROUP_READ : OF_GROUP_OR_OTHERS
  if ((mode & forbidden) === 0) return
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  throw new PrivateFileError(`the file ${path} is open to others (mode ${shown}): chmod 600 it`)
}
