import type { DatabaseSync } from 'node:sqlite'
import { getLoadablePath } from 'sqlite-vec'

/**
 * How vectors are kept: one table of signs, a bit for each number, that a search scans (100,000 of 512 bits take
 * 6.4 MB), and one of the numbers, by which the best of them are put in order. There is a pair for each model.
 *
 * @see https://alexgarcia.xyz/sqlite-vec/guides/binary-quant.html
 */
export const bitsOf = (space: number) => `memory_bits_${space}`
export const valuesOf = (space: number) => `memory_vectors_${space}`

/** The SQL that makes the tables of a space. */
export const createSpace = (space: number, dimensions: number) => `
  CREATE VIRTUAL TABLE ${bitsOf(space)} USING vec0(
    seq INTEGER PRIMARY KEY, client_id TEXT PARTITION KEY, agent_id TEXT, bits BIT[${Math.ceil(dimensions / 8) * 8}]
  );
  CREATE TABLE ${valuesOf(space)} (seq INTEGER PRIMARY KEY, vector BLOB NOT NULL) STRICT`

export const dropSpace = (space: number) => `DROP TABLE ${bitsOf(space)}; DROP TABLE ${valuesOf(space)}`

/** Loads sqlite-vec into a connection; it takes some milliseconds, so that only those do it who need it. */
export function loadVectors(db: DatabaseSync): void {
  db.enableLoadExtension(true)
  try {
    db.loadExtension(getLoadablePath())
  } finally {
    db.enableLoadExtension(false)
  }
}

/** The signs of a vector. */
export function toBits(values: Float32Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(values.length / 8))
  for (let at = 0; at < values.length; at++) if ((values[at] as number) > 0) bits[at >> 3]! |= 1 << (at & 7)
  return bits
}

export const toBlob = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** The cosine of a vector and a stored one, both of length 1. */
export function similarity(values: Float32Array, blob: Uint8Array): number {
  // Bytes may begin anywhere in their buffer, numbers only at every fourth.
  const aligned = blob.byteOffset % 4 === 0 ? blob : blob.slice()
  const stored = new Float32Array(aligned.buffer, aligned.byteOffset, values.length)
  let sum = 0
  for (let at = 0; at < values.length; at++) sum += (values[at] as number) * (stored[at] as number)
  return sum
}
