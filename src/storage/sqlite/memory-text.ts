/** Words so common that they tell nothing and cost the most. */
const COMMON = new Set(
  `a about after all also am an and any are as at be because been before but by can could did do does for from get got had
has have he her him his how i if in into is it its just know me my no not of on or our out she should so some tell than that
the their them then there these they this to up us was we were what when where which who whom whose why will with would you
your`.split(/\s+/)
)
const MOST_TERMS = 24

/**
 * The words of a question that can tell entries apart, each quoted, so that nothing in it is an operator of FTS5. What is
 * written as one word, as `ERR_4417`, has to be found as one.
 */
export const toTerms = (text: string): string[] =>
  wordsOf(text)
    .filter((word) => !COMMON.has(word))
    .slice(0, MOST_TERMS)
    .map(quote)

/** The words that a text has to hold, quoted as terms are: the telling ones, or all where none is telling. */
export function toNeeded(text: string): string[] {
  const terms = toTerms(text)
  return terms.length > 0 ? terms : wordsOf(text).slice(0, MOST_TERMS).map(quote)
}

const wordsOf = (text: string): string[] => [
  ...new Set(text.toLowerCase().match(/[\p{L}\p{N}]+(?:[_.:/@-]+[\p{L}\p{N}]+)*/gu))
]
const quote = (word: string): string => `"${word}"`

/**
 * A query for any of the terms, without those that so many entries have that ranking them all would take long, and tell
 * little; for all of the terms, where every one is such.
 */
export function toQuery(terms: string[], isFrequent: (term: string) => boolean): string | undefined {
  if (terms.length === 0) return undefined
  const rare = terms.filter((term) => !isFrequent(term))
  return rare.length > 0 ? rare.join(' OR ') : terms.join(' AND ')
}
