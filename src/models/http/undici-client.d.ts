/** Of `undici` what speaks HTTP/1.1: all of it takes three times as long to load. */
declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici'
  export default Client
}

/** What opens the connections of clients, and keeps the sessions of TLS that they have in common. */
declare module 'undici/lib/core/connect.js' {
  import type { Socket } from 'node:net'
  import type { buildConnector } from 'undici'
  /** @returns the socket, which is not connected yet */
  export type Connect = (options: buildConnector.Options, callback: buildConnector.Callback) => Socket
  export default function build(options: buildConnector.BuildOptions): Connect
}
