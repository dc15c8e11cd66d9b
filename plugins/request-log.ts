import type { FastifyBaseLogger } from 'fastify'

type Bindings = Record<string, unknown>
type ChildOptions = Parameters<FastifyBaseLogger['child']>[1]

/**
 * The logger of one request, which becomes a child of the process's logger when the first line is written: most
 * requests write none, and a child costs more than an answer to `/health`.
 */
export class RequestLog implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Bindings
  readonly #options: ChildOptions
  #own: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: Bindings, options: ChildOptions) {
    this.#parent = parent
    this.#bindings = bindings
    this.#options = options
  }

  get level(): string {
    return this.#own?.level ?? this.#parent.level
  }
  set level(level: string) {
    this.#child.level = level
  }

  fatal(...line: Parameters<FastifyBaseLogger['fatal']>): void {
    this.#child.fatal(...line)
  }
  error(...line: Parameters<FastifyBaseLogger['error']>): void {
    this.#child.error(...line)
  }
  warn(...line: Parameters<FastifyBaseLogger['warn']>): void {
    this.#child.warn(...line)
  }
  info(...line: Parameters<FastifyBaseLogger['info']>): void {
    this.#child.info(...line)
  }
  debug(...line: Parameters<FastifyBaseLogger['debug']>): void {
    this.#child.debug(...line)
  }
  trace(...line: Parameters<FastifyBaseLogger['trace']>): void {
    this.#child.trace(...line)
  }
  silent(...line: Parameters<FastifyBaseLogger['silent']>): void {
    this.#child.silent(...line)
  }
  child(bindings: Bindings, options?: ChildOptions): FastifyBaseLogger {
    return this.#child.child(bindings, options)
  }

  get #child(): FastifyBaseLogger {
    return (this.#own ??= this.#parent.child(this.#bindings, this.#options))
  }
}
