import type { ServerOptions } from 'node:http'
import type { Config } from './config/schema.ts'
import type { TlsMaterial } from './tls/load.ts'

/** The longest upload. Other bodies are bounded by `gateway.timeouts.bodyMs`, where their routes are known. */
const LONGEST_REQUEST_MS = 3_600_000
const MOST_HEADER_BYTES = 16_384
/** How often Node looks for clients that are too slow, within what it leaves them. */
const LOOKS = 4

/** How the process's own server treats slow and odd clients, over TLS where it is configured. */
export function serverOptions({ gateway: { timeouts, tls } }: Config, material: TlsMaterial | undefined) {
  const http: ServerOptions = {
    headersTimeout: timeouts.headersMs,
    connectionsCheckingInterval: Math.ceil(timeouts.headersMs / LOOKS),
    maxHeaderSize: MOST_HEADER_BYTES
  }
  const common = { requestTimeout: LONGEST_REQUEST_MS, keepAliveTimeout: timeouts.keepAliveMs }
  if (!material) return { ...common, http }
  const asks = tls?.caPath !== undefined
  const requires = asks && (tls?.requireClientCert ?? true)
  return { ...common, https: { ...http, ...material, requestCert: asks, rejectUnauthorized: requires } }
}
