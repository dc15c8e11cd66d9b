import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/**
 * The text of a stream, all that has come since the last step in one piece: one read of a socket may bring dozens of
 * HTTP chunks, each of which a stream's own iterator makes a step of, and a flowing stream an event. The stream waits
 * while much of it is not taken. Leaving the iteration leaves the stream as it is.
 * @throws what the stream fails with, or an error when it is closed before its end
 */
export async function* readText(stream: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let over = false
  let failure: Error | undefined
  let wake: (() => void) | undefined

  const look = () => wake?.()
  const end = () => {
    over = true
    wake?.()
  }
  const fail = (error?: Error) => {
    if (!over) failure ??= error ?? new Error('closed before its end')
    wake?.()
  }
  stream.on('readable', look).on('end', end).on('error', fail).on('close', fail)
  try {
    for (;;) {
      const piece = stream.read() as Buffer | null
      if (piece) yield decoder.write(piece)
      else if (failure) throw failure
      else if (over) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    stream.off('readable', look).off('end', end).off('close', fail)
    stream.off('error', fail).on('error', ignore)
  }
}

/** Whoever left the iteration has its reason; what becomes of the rest of the stream is no matter to it. */
const ignore = () => {}
