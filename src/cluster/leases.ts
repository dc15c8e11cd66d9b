/** The right to be the only turn of a session, until it is disposed of or lost. */
export interface Lease extends AsyncDisposable {
  /** Grows with every lease on the same key: storage refuses the writes of a holder that was overtaken. */
  readonly fence: number
  /** Aborted when the lease was lost before it was given back. */
  readonly lost: AbortSignal
}

/** Serialises the turns of a session, across all processes that share a store. */
export interface Leases {
  /**
   * Waits for the lease on a key, first come first served.
   * @throws GatewayError `busy` when too many wait already; the signal's reason when it is aborted while waiting
   */
  acquire(key: string, signal: AbortSignal): Promise<Lease>
}
