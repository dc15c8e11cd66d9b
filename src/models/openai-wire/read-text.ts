import type { Readable } from 'node:stream'

const HIGH_WATER = 65_536

/**
 * The text of a stream, all that has come since the last step in one piece: one read of a socket may bring dozens of
 * HTTP chunks, each of which a stream's own iterator makes a step of. The stream is paused while much of it waits.
 * Leaving the iteration leaves the stream as it is.
 * @throws what the stream fails with, or an error when it is closed before its end
 */
export async function* readText(stream: Readable): AsyncGenerator<string> {
  let waiting = ''
  let over = false
  let failure: Error | undefined
  let wake: (() => void) | undefined

  const take = (text: string) => {
    waiting += text
    if (waiting.length >= HIGH_WATER) stream.pause()
    wake?.()
  }
  const end = () => {
    over = true
    wake?.()
  }
  const fail = (error?: Error) => {
    if (!over) failure ??= error ?? new Error('closed before its end')
    wake?.()
  }
  stream.setEncoding('utf8')
  stream.on('data', take).on('end', end).on('error', fail).on('close', fail)
  try {
    for (;;) {
      if (waiting) {
        const text = waiting
        waiting = ''
        stream.resume()
        yield text
      } else if (failure) {
        throw failure
      } else if (over) {
        return
      } else {
        await new Promise<void>((resolve) => (wake = resolve))
      }
    }
  } finally {
    stream.off('data', take).off('end', end).off('close', fail)
    stream.off('error', fail).on('error', ignore)
  }
}

/** Whoever left the iteration has its reason; what becomes of the rest of the stream is no matter to it. */
const ignore = () => {}
