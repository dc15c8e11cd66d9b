import { GatewayError } from '../errors.ts'
import type { Media } from './media.ts'
import { essence } from './types.ts'

/** Files that one conversation may refer to, together: each is held whole, and half as much again in base64. */
export const MOST_BYTES = 20 * 1024 * 1024
/** How a file of ours is named in a conversation that is kept. No client can write it: it is no address. */
export const KEPT = 'media:'

/** A file that is small enough to be handed on in one piece. */
export interface WholeFile {
  /** Without parameters. */
  contentType: string
  bytes: Buffer
}

/**
 * Reads a file whole.
 * @param mostBytes above which nothing of it is read
 * @throws GatewayError `not_found`, `gone`, `too_large`
 */
export async function readWhole(media: Media, id: string, mostBytes: number): Promise<WholeFile> {
  const { handle, size, contentType } = await media.open(id)
  try {
    if (size > mostBytes)
      throw new GatewayError('too_large', `larger than the ${mostBytes} bytes that are left for files`)
    return { contentType: essence(contentType), bytes: await handle.readFile() }
  } finally {
    await handle.close()
  }
}
