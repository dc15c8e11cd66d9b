import type { Server } from 'node:tls'
import type { TlsConfig } from '../config/schema.ts'
import { loadTls, tlsFiles, type TlsMaterial } from './load.ts'
import { watchFiles } from './watch.ts'

export interface ReloadOptions {
  server: Pick<Server, 'setSecureContext'>
  tls: TlsConfig
  /** What the server was made with. */
  material: TlsMaterial
  onReloaded(): void
  /** What is there now cannot be served with, or not be watched: the server goes on with what it has. */
  onError(error: unknown): void
}

/**
 * Gives a server new certificates when their files change, or on SIGHUP. Connections that are there go on under those
 * that they were opened with.
 * @returns ends it
 */
export function reloadTls({ server, tls, material, onReloaded, onError }: ReloadOptions): () => void {
  let served = material

  function reload(): void {
    try {
      const next = loadTls(tls)
      if (next.cert === served.cert && next.key === served.key && next.ca === served.ca) return
      server.setSecureContext(next)
      served = next
      onReloaded()
    } catch (error) {
      onError(error)
    }
  }

  const unwatch = watchFiles({ files: tlsFiles(tls), onChange: reload, onError })
  process.on('SIGHUP', reload)
  return () => {
    unwatch()
    process.off('SIGHUP', reload)
  }
}
