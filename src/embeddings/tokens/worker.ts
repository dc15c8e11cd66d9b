import { decode } from 'gpt-tokenizer/encoding/cl100k_base'

/** The texts that tokens of `cl100k_base` stand for; undefined for a list that holds a token which is none. */
export default function decodeAll(lists: number[][]): (string | undefined)[] {
  return lists.map((tokens) => {
    try {
      return decode(tokens)
    } catch {
      return undefined // an error of the package names the token, and says nothing of which list it is in
    }
  })
}
