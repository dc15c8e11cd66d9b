/** Where each row of a long list begins: measured heights by key, and sums that are made again from the first change on. */
export class HeightIndex {
  readonly #estimate: number
  readonly #known = new Map<string | number, number>()
  #keys: readonly (string | number)[] = []
  #index: Map<string | number, number> | undefined
  #sums = new Float64Array(1)
  /** Sums up to here are right. */
  #valid = 0

  /** @param estimate the height of a row that was not measured */
  constructor(estimate: number) {
    this.#estimate = estimate
  }

  setKeys(keys: readonly (string | number)[]): void {
    const shared = Math.min(keys.length, this.#keys.length)
    let same = 0
    while (same < shared && keys[same] === this.#keys[same]) same++
    if (same === keys.length && same === this.#keys.length) return
    this.#keys = keys
    if (this.#known.size > 2 * keys.length + 1000) this.#forget(keys)
    this.#index = undefined
    this.#valid = Math.min(this.#valid, same)
    if (this.#sums.length <= keys.length) {
      const grown = new Float64Array(Math.max(64, keys.length * 2))
      grown.set(this.#sums.subarray(0, this.#valid + 1))
      this.#sums = grown
    }
  }

  /** What is not in the list any more. */
  #forget(keys: readonly (string | number)[]): void {
    const there = new Set(keys)
    for (const key of this.#known.keys()) if (!there.has(key)) this.#known.delete(key)
  }

  /** @returns whether it differs from what was known */
  set(key: string | number, height: number): boolean {
    if (Math.abs((this.#known.get(key) ?? this.#estimate) - height) < 0.5) return false
    this.#known.set(key, height)
    const index = this.indexOf(key)
    if (index >= 0) this.#valid = Math.min(this.#valid, index)
    return true
  }

  get total(): number {
    return this.offset(this.#keys.length)
  }

  /** Where a row begins. */
  offset(index: number): number {
    const until = Math.min(Math.max(index, 0), this.#keys.length)
    for (let at = this.#valid; at < until; at++) {
      const key = this.#keys[at] ?? ''
      this.#sums[at + 1] = (this.#sums[at] ?? 0) + (this.#known.get(key) ?? this.#estimate)
    }
    this.#valid = Math.max(this.#valid, until)
    return this.#sums[until] ?? 0
  }

  indexOf(key: string | number): number {
    this.#index ??= new Map(this.#keys.map((one, index) => [one, index]))
    return this.#index.get(key) ?? -1
  }

  /** The row that is at this height; the nearest one where there is none. */
  indexAt(position: number): number {
    if (this.#keys.length === 0) return 0
    let low = 0
    let high = this.#keys.length - 1
    this.offset(this.#keys.length)
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#sums[middle] ?? 0) <= position) low = middle
      else high = middle - 1
    }
    return low
  }
}
