/** A part of one of the texts. */
export interface Piece {
  text: string
  /** Which of the texts it is of. */
  owner: number
}

/** About as much as the model reads at once: 128 tokens of English. */
const PIECE_LENGTH = 400
const BATCH_SIZE = 8
/** A batch costs as much as if all its texts were as long as its longest; this many characters are some 70 ms. */
const BATCH_LENGTH = 640

/** Cuts texts into pieces, and sorts those into batches of about one length. Every batch is a short piece of work. */
export function toBatches(texts: string[]): Piece[][] {
  const pieces = texts.flatMap((text, owner) => cut(text).map((piece) => ({ text: piece, owner })))
  pieces.sort((one, other) => one.text.length - other.text.length)
  const batches: Piece[][] = []
  let batch: Piece[] = []
  for (const piece of pieces) {
    if (batch.length === BATCH_SIZE || (batch.length > 0 && (batch.length + 1) * piece.text.length > BATCH_LENGTH)) {
      batches.push(batch)
      batch = []
    }
    batch.push(piece)
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

function cut(text: string): string[] {
  const pieces: string[] = []
  let start = 0
  while (text.length - start > PIECE_LENGTH) {
    const end = border(text, start + PIECE_LENGTH / 2, start + PIECE_LENGTH)
    pieces.push(text.slice(start, end))
    start = end
  }
  pieces.push(text.slice(start))
  return pieces
}

/** The two halves of a text of at least two characters, at a space where there is one near the middle. */
export function halve(text: string): [string, string] {
  const middle = border(text, Math.ceil(text.length / 4), Math.ceil(text.length / 2))
  return [text.slice(0, middle), text.slice(middle)]
}

/** Where to cut, `from` at the least and `to` at the most: behind a space, or at least not through a character. */
function border(text: string, from: number, to: number): number {
  const space = text.lastIndexOf(' ', to - 1)
  if (space >= from) return space + 1
  const code = text.charCodeAt(to - 1)
  const cutsPair = code >= 0xd800 && code <= 0xdbff
  return cutsPair && to - 1 > 0 ? to - 1 : to
}
