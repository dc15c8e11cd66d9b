import { renderMessage } from '../models/render.ts'
import type { SessionRef, SessionStore } from '../storage/port.ts'

/** A piece of a conversation, written down for a model to read. */
export interface Piece {
  text: string
  /** How many messages end in it. */
  messages: number
}

const PAGE = 200
/**
 * Writes down a part of a session in pieces that a model can read, oldest first.
 * @param size of a piece, in characters; a message that is longer goes on in the next
 */
export async function* pieces(
  store: SessionStore,
  session: SessionRef,
  range: { after: string; upTo: string },
  size: number
): AsyncGenerator<Piece> {
  let piece: Piece = { text: '', messages: 0 }
  let after: string | undefined = range.after
  while (after !== undefined) {
    const page = await store.messages(session, { limit: PAGE, after, upTo: range.upTo })
    for (const { message } of page.messages) {
      let text = renderMessage(message)
      while (piece.text.length + text.length > size) {
        const room = size - piece.text.length
        // What fits into a piece of its own is not cut.
        const cut = text.length > size ? room : 0
        yield { text: piece.text + text.slice(0, cut), messages: piece.messages }
        text = text.slice(cut)
        piece = { text: '', messages: 0 }
      }
      piece = { text: piece.text + text, messages: piece.messages + 1 }
    }
    after = page.next
  }
  if (piece.messages > 0) yield piece
}
