const FIN_TEXT = '\x81'
const SHORT = 126
const LONG = 65_536

/**
 * A text as one frame of a server's (RFC 6455, section 5.2), each character of which is a byte (latin1): a socket takes
 * one such string in less time than the pieces of a frame.
 */
export function textFrame(text: string): string {
  const bytes = Buffer.byteLength(text)
  return FIN_TEXT + lengthOf(bytes) + (bytes === text.length ? text : Buffer.from(text).toString('latin1'))
}

function lengthOf(bytes: number): string {
  if (bytes < SHORT) return String.fromCharCode(bytes)
  if (bytes < LONG) return String.fromCharCode(126, bytes >> 8, bytes & 255)
  const length = Buffer.alloc(9)
  length.writeUInt8(127)
  length.writeBigUInt64BE(BigInt(bytes), 1)
  return length.toString('latin1')
}
