import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { readType } from '../types.ts'

/** What stands beside a file, in `<id>.meta`; one that another program wrote may hold less. */
export interface Sidecar {
  contentType?: string
  savedAt?: number
  size?: number
}

const MOST_BYTES = 65_536

/** @returns undefined where there is none that can be read: the file is served all the same */
export async function readSidecar(path: string): Promise<Sidecar | undefined> {
  let text: string
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = await handle.stat()
      if (!stat.isFile() || stat.size > MOST_BYTES) return undefined
      text = await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  } catch {
    return undefined
  }
  return parse(text)
}

function parse(text: string): Sidecar | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { contentType, savedAt, size } = value as Record<string, unknown>
  const type = typeof contentType === 'string' ? readType(contentType) : undefined
  return {
    ...(type !== undefined && { contentType: type }),
    ...(typeof savedAt === 'number' && Number.isFinite(savedAt) && { savedAt }),
    ...(typeof size === 'number' && Number.isSafeInteger(size) && { size })
  }
}
