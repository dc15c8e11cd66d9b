import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Listens on a free port of the loopback and tells which, until the process that started this one lets go of it. */
export async function listen(server: Server): Promise<void> {
  // A pipe that breaks closes without an end.
  const leave = (): void => process.exit(0)
  process.stdin.once('end', leave).once('close', leave).resume()
  process.once('SIGTERM', leave)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  console.log(`listening ${(server.address() as AddressInfo).port}`)
}
