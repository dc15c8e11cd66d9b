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

/** Softens the difference between the first places; 60 is what the paper found and everyone uses since. */
const K = 60

/**
 * Fuses both searches by reciprocal rank: what both find comes first, what one finds well is not lost.
 *
 * @see Cormack, Clarke, Büttcher: Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods (2009)
 */
export function fuse({ byText, byVector }: MemoryHits): Ranked[] {
  const found = new Map<string, Ranked>()
  const most = [byText, byVector].filter((hits) => hits.length > 0).length / (K + 1)
  const entry = (id: string) => found.get(id) ?? found.set(id, { id, score: 0 }).get(id)!
  for (const [index, { id }] of byText.entries()) {
    const ranked = entry(id)
    ranked.textRank = index + 1
    ranked.score += 1 / (K + index + 1) / most
  }
  for (const [index, { id, similarity }] of byVector.entries()) {
    const ranked = entry(id)
    ranked.similarity = rounded(similarity)
    ranked.score += 1 / (K + index + 1) / most
  }
  const best = [...found.values()].toSorted((a, b) => b.score - a.score)
  return best.map((ranked) => ({ ...ranked, score: rounded(ranked.score) }))
}

/** More digits tell nothing to those who read them. */
const rounded = (value: number) => Math.round(value * 10_000) / 10_000
