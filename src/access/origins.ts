/** What tells where a request goes and comes from, as its headers have it. */
export interface Whereabouts {
  /** `Host` (RFC 9110, section 7.2). */
  host: string | undefined
  /** `Origin` (RFC 6454, section 7): browsers send it, programs do not. */
  origin: string | undefined
  /** The request came over TLS. */
  encrypted: boolean
  /** It is authenticated by what a browser sends for whichever page asks: then `*` is not enough. Default false. */
  isAmbient?: boolean
}

/** Header values that are remembered: those that are asked for often are few. */
const MOST_KNOWN = 1000

/** The names by which a gateway may be asked: those of the machine itself, its own address, and what is configured. */
export class HostNames {
  readonly #names: Set<string>
  readonly #known = new Map<string, boolean>()

  /** @param names beside those of the machine itself */
  constructor(names: readonly string[]) {
    this.#names = new Set(names.map((name) => nameOf(name)))
  }

  /** @param host with or without a port */
  has(host: string): boolean {
    const known = this.#known.get(host)
    if (known !== undefined) return known
    const name = nameOf(host)
    const isOurs = isLoopback(name) || this.#names.has(name)
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    this.#known.set(host, isOurs)
    return isOurs
  }
}

/** An address or a name that leads to the machine itself. */
export const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)

/** A host without its port, brackets and the dot of the root; an IPv6 address may stand without brackets. */
function nameOf(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(host)
  const name = bracketed?.[1] ?? (host.split(':').length > 2 ? host : host.replace(/:\d*$/, ''))
  return name.toLowerCase().replace(/\.$/, '')
}

/** Which pages may ask: those of the gateway itself, and those that are configured. */
export class Origins {
  readonly #allowed: ReadonlySet<string>
  readonly #any: boolean

  /** @param allowed origins, or `*` for any */
  constructor(allowed: readonly string[]) {
    this.#allowed = new Set(allowed.map((origin) => origin.toLowerCase()))
    this.#any = this.#allowed.has('*')
  }

  /** Behind a proxy that ends TLS nobody knows the scheme: without TLS of our own only host and port are compared. */
  allows({ host = '', origin, encrypted, isAmbient = false }: Whereabouts): boolean {
    if (origin === undefined || (this.#any && !isAmbient)) return true
    const page = origin.toLowerCase()
    const own = host.toLowerCase()
    return page === `https://${own}` || (!encrypted && page === `http://${own}`) || this.#allowed.has(page)
  }
}
