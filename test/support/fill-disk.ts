import { randomUUID } from 'node:crypto'
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Takes all that is left of a file system, in files of its folder `filler`, which is free again once that is removed.
 * @param disk where the file system is mounted
 * @throws Error for anything but a disk that is full already
 */
export function fill(disk: string): void {
  mkdirSync(join(disk, 'filler'), { recursive: true })
  const { bavail, bsize } = statfsSync(disk)
  if (bavail === 0) return
  try {
    writeFileSync(join(disk, 'filler', randomUUID()), Buffer.alloc(bavail * bsize))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error // it is what was wanted
  }
}
