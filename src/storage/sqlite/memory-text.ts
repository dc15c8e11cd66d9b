/** Words so common that they tell nothing and cost the most. */
const COMMON = new Set(
  `a about after all also am an and any are as at be because been before but by can could did do does for from get got had
has have he her him his how i if in into is it its just know me my no not of on or our out she should so some tell than that
the their them then there these they this to up us was we were what when where which who whom whose why will with would you
your`.split(/\s+/)
)
const MOST_TERMS = 24

/**
 * What people write as a query of FTS5: any of its words, each quoted, so that nothing in it is an operator. What is
 * written as one word, as `ERR_4417`, has to be found as one. Undefined when no word is left.
 */
export function toFtsQuery(text: string): string | undefined {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+(?:[_.:/@-]+[\p{L}\p{N}]+)*/gu) ?? []
  const telling = [...new Set(words)].filter((word) => !COMMON.has(word))
  if (telling.length === 0) return undefined
  return telling
    .slice(0, MOST_TERMS)
    .map((word) => `"${word}"`)
    .join(' OR ')
}
