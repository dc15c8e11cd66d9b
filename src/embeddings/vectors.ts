import { endianness } from 'node:os'

const LITTLE = endianness() === 'LE'

/** Makes the vector's length 1, in place. The zero vector stays what it is. */
export function normalise(vector: Float32Array): Float32Array {
  let sum = 0
  for (const value of vector) sum += value * value
  if (sum === 0) return vector
  const factor = 1 / Math.sqrt(sum)
  for (let index = 0; index < vector.length; index++) vector[index]! *= factor
  return vector
}

/** The first numbers of a vector, of length 1 again. */
export function shorten(vector: Float32Array, dimensions = vector.length): Float32Array {
  return vector.length <= dimensions ? vector : normalise(vector.slice(0, dimensions))
}

/** Little-endian 32-bit floats in base64, as OpenAI's clients read vectors. */
export function toBase64(vector: Float32Array): string {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)
  return (LITTLE ? bytes : Buffer.from(bytes).swap32()).toString('base64')
}

/** The vector in such a text, or nothing where its bytes make no whole number of floats. */
export function fromBase64(text: string): Float32Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined
  if (!LITTLE) bytes.swap32()
  // Copied: a buffer may begin anywhere in memory that it shares, floats only at every fourth byte.
  return new Float32Array(Uint8Array.from(bytes).buffer)
}
