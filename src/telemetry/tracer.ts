/** What a span tells of itself; `undefined` is left out. */
export type Attributes = Record<string, string | number | boolean | string[] | undefined>

/** A piece of work, from its start to its end. */
export interface Span {
  /**
   * The same as a header, for those who do a part of it.
   * @see https://www.w3.org/TR/trace-context/#traceparent-header
   */
  readonly traceparent: string
  set(attributes: Attributes): void
  /** It failed. What is told is the kind of failure alone: a message may quote what was said. */
  fail(type: string): void
  end(): void
  /** Does work whose spans are parts of this one. */
  run<T>(work: () => T): T
}

export interface SpanOptions {
  kind: 'server' | 'client' | 'internal'
  attributes: Attributes
  /** The `traceparent` of whoever asked; without one, or one that is not valid, the parent is whatever `run` goes on. */
  traceparent?: string
}

/** Makes spans and sends them to where they are collected. Nothing of it ever throws or waits for that. */
export interface Tracer {
  start(name: string, options: SpanOptions): Span
  /** Sends what is left, within a few seconds. */
  close(): Promise<void>
}
