import type { FeedEntry } from '../../state/feed.ts'
import { categoryOf } from './describe.ts'

/** What of the stream is shown. What was looked at before is not looked at again, as long as the question is the same. */
export class EntryFilter {
  #query = ''
  #hidden: ReadonlySet<string> | undefined
  #newest = 0
  #found: FeedEntry[] = []

  apply(entries: readonly FeedEntry[], query: string, hidden: ReadonlySet<string>): readonly FeedEntry[] {
    const oldest = entries[0]?.key ?? Infinity
    const behind = (entries.at(-1)?.key ?? 0) < this.#newest
    if (query !== this.#query || hidden !== this.#hidden || behind) {
      this.#found = []
      this.#newest = 0
      this.#query = query
      this.#hidden = hidden
    }
    const words = query.toLowerCase().split(/\s+/).filter(Boolean)
    const fits = (entry: FeedEntry) =>
      !hidden.has(categoryOf(entry.type)) && words.every((word) => entry.text.includes(word))
    // Keys grow by one: what is new is at the end, from here on.
    const fresh = entries.slice(Math.max(0, this.#newest - oldest + 1)).filter(fits)
    const kept = this.#found.filter((entry) => entry.key >= oldest)
    this.#found = [...kept, ...fresh]
    this.#newest = entries.at(-1)?.key ?? this.#newest
    return this.#found
  }
}
