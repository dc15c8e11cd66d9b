/** A text cut after each run of white space; joined, the pieces are the text. */
export const wordsOf = (text: string): string[] => text.match(/\s*\S+\s*/g) ?? []
