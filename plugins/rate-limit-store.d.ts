/** The counter of `@fastify/rate-limit`, which has no types of its own. */
declare module '@fastify/rate-limit/store/LocalStore.js' {
  export default class LocalStore {
    /** @param cache how many keys are counted; the one that was not seen for longest goes first */
    constructor(continueExceeding: boolean, exponentialBackoff: boolean, cache: number)
    /**
     * Counts one in a window that begins with the first. Calls back at once.
     * @param timeWindow milliseconds
     */
    incr(
      key: string,
      callback: (error: null, state: { current: number; ttl: number }) => void,
      timeWindow: number,
      max: number
    ): void
  }
}
