import type { MemoryHits } from '../storage/port.ts'

/** An entry that was found, and how. */
export interface Ranked {
  id: string
  /** From 0 to 1: 1 is the first by text and by vector. */
  score: number
  /** Cosine of entry and question, where vectors were searched and the entry is among the nearest. */
  similarity?: number
  /** Its place in the search by text, from 1. */
  textRank?: number
}

/**
 * How fast a place loses its worth, and what a place by words is worth beside one by meaning, as measured by the
 * retrieval set in `bench/recall`: words alone are often those of another matter, but the best by words has to be among the
 * first ten, since an entry may have no vector. What stands in the question as a code
 * or a number can only be found by its letters.
 */
const K = 5
const WORDS = 0.5
const CODES = 1
const CODE = /\p{N}|\p{L}[_/@:]\p{L}/u

/**
 * Fuses both searches by weighted reciprocal rank: what both find comes first, what one finds well is not lost.
 *
 * @see Cormack, Clarke, Büttcher: Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods (2009)
 */
export function fuse({ byText, byVector }: MemoryHits, question: string): Ranked[] {
  const found = new Map<string, Ranked>()
  const weight = byVector.length === 0 || CODE.test(question) ? CODES : WORDS
  const best = (byText.length > 0 ? weight : 0) + (byVector.length > 0 ? 1 : 0)
  function add(id: string, index: number, worth: number): Ranked {
    const ranked = found.get(id) ?? { id, score: 0 }
    found.set(id, ranked)
    ranked.score += ((worth / best) * (K + 1)) / (K + index + 1)
    return ranked
  }
  for (const [index, { id }] of byText.entries()) add(id, index, weight).textRank = index + 1
  for (const [index, { id, similarity }] of byVector.entries()) add(id, index, 1).similarity = rounded(similarity)
  const ordered = [...found.values()].toSorted((a, b) => b.score - a.score)
  return ordered.map((ranked) => ({ ...ranked, score: rounded(ranked.score) }))
}

/** More digits tell nothing to those who read them. */
const rounded = (value: number) => Math.round(value * 10_000) / 10_000
