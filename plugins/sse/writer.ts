import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'

/** Text that waits is written at once when it comes to this. */
const MOST_WAITING = 16_384
const LAST_CHUNK = '0\r\n\r\n'

/** Writes the events of one answer, whose head has been written. */
export interface EventWriter {
  /** Each event is a chunk of its own (RFC 9112, section 7.1): some clients take a chunk for an event. */
  write(event: string): void
  end(): void
}

/**
 * What one tick brings is one write. Where Node frames chunks itself each is three writes, which cost about as much as
 * all else that is done with an event; so they are framed here, unless the other end is no socket or HTTP/1.0.
 */
export function eventWriter(raw: ServerResponse): EventWriter {
  const isChunked = raw.chunkedEncoding && raw.socket instanceof Socket
  if (!isChunked) return { write: (event) => void raw.write(event), end: () => void raw.end() }
  raw.chunkedEncoding = false
  let waiting = ''
  let isFirst = true

  function flush(): void {
    if (waiting !== '' && !raw.destroyed) send(waiting)
    waiting = ''
  }

  /**
   * The head goes beside the first events, in one write. Node would put it before them, as one text, and keep the head in the
   * dozens of pieces that it is made of for as long as the answer lasts.
   */
  function send(text: string): void {
    if (!isFirst) return void raw.write(text)
    isFirst = false
    raw.cork()
    raw.flushHeaders()
    raw.write(text)
    raw.uncork()
  }

  return {
    write(event) {
      if (waiting === '') process.nextTick(flush)
      waiting += `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`
      if (waiting.length >= MOST_WAITING) flush()
    },
    end() {
      waiting += LAST_CHUNK
      flush()
      raw.end()
    }
  }
}
