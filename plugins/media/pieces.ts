import type { FileHandle } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Range } from './conditions.ts'

const PIECE_BYTES = 262_144
/** Pieces that may still stand in the stream, or be under way from it into the response. */
const IN_STREAM = 2

/**
 * A part of a file as a stream, which closes the file. The memory of a piece goes back once it has left: the garbage
 * collector, which does not see how much hangs on a piece, would let some fifty megabytes of them wait. Where someone stands
 * between the stream and the response, it is left to it all the same.
 */
export function streamPart(handle: FileHandle, { start, end }: Range, response: ServerResponse): Readable {
  let isDirect = false
  const sent: Buffer<ArrayBuffer>[] = []

  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = start; at <= end;) {
      const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, end - at + 1))
      const { bytesRead } = await handle.read(piece, 0, piece.length, at)
      if (bytesRead === 0) throw new Error('a media file became shorter while it was read')
      at += bytesRead
      if (isDirect && response.writableLength === 0) release(sent, IN_STREAM)
      sent.push(piece)
      yield piece.subarray(0, bytesRead)
    }
  }

  const stream = Readable.from(pieces(), { highWaterMark: 1 })
  // Not by the generator: one that was never begun runs no `finally`.
  stream.once('close', () => void handle.close().catch((error: Error) => response.destroy(error)))
  response.once('finish', () => isDirect && release(sent, 0))
  response.on('pipe', (source) => (isDirect = source === stream))
  return stream
}

function release(sent: Buffer<ArrayBuffer>[], but: number): void {
  for (const piece of sent.splice(0, Math.max(0, sent.length - but))) piece.buffer.transfer(0)
}
