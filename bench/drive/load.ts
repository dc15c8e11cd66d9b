import { cpuMs } from '../cpu.ts'

/** How busy both ends were while something was measured. */
export interface Load {
  seconds: number
  /** CPU time of the server in milliseconds; undefined where the system does not tell. */
  serverMs: number | undefined
  /** Share of one core that the driver used. Near 1 it measured itself. */
  driver: number
}

/** Starts to watch. @returns what ends it and tells */
export function watchLoad(serverPid: number): () => Load {
  const since = performance.now()
  const own = process.cpuUsage()
  const server = cpuMs(serverPid)
  return () => {
    const ms = performance.now() - since
    const { user, system } = process.cpuUsage(own)
    const now = cpuMs(serverPid)
    const serverMs = now === undefined || server === undefined ? undefined : now - server
    return { seconds: ms / 1000, serverMs, driver: (user + system) / 1000 / ms }
  }
}
