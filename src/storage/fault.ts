/** Results of SQLite, without their finer code in the upper bytes. @see https://sqlite.org/rescode.html */
const IOERR = 10
const FULL = 13
/** The index of the log could not grow: what a full disk comes to there. */
const IOERR_SHMSIZE = IOERR | (19 << 8)

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT'])
const BROKEN = new Set(['EIO', 'EROFS'])

/**
 * What the disk below the storage has done, as it shows in an error of SQLite or of the file system: `full` where
 * there is no room (or quota) left, `broken` where reading or writing fails otherwise; undefined: it is another error.
 */
export function diskFault(error: unknown): 'full' | 'broken' | undefined {
  if (!(error instanceof Error)) return undefined
  const { code = '', errcode } = error as NodeJS.ErrnoException & { errcode?: number }
  if (errcode === FULL || errcode === IOERR_SHMSIZE || NO_ROOM.has(code)) return 'full'
  const isBroken = BROKEN.has(code) || (errcode !== undefined && (errcode & 0xff) === IOERR)
  return isBroken ? 'broken' : undefined
}
