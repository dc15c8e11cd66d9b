/** The part of autocannon that is used here; the package has no types of its own. */
declare module 'autocannon' {
  interface Options {
    url: string
    method?: 'GET' | 'POST'
    body?: string
    connections: number
    pipelining: number
    /** Seconds. */
    duration: number
    /** Milliseconds; a run ends at a multiple of this. */
    sampleInt: number
    headers: Record<string, string>
  }

  interface Result {
    /** Seconds. */
    duration: number
    errors: number
    timeouts: number
    non2xx: number
    '2xx': number
  }

  export default function autocannon(options: Options): Promise<Result>
}
