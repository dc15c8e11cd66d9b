import type { LiveConfig } from './config/live.ts'

/** How the process is. */
export interface ProcessStatus {
  pid: number
  /** Seconds since the process started. */
  uptime: number
  /** Bytes. */
  memoryUsage: NodeJS.MemoryUsage
  nodeVersion: string
  /** The files that the configuration was read from. */
  configPaths: string[]
  /** The sections of the configuration. */
  sections: string[]
  /** Keys that were changed and take effect at the next start. */
  restart: string[]
}

export const processStatus = ({ current, restart }: LiveConfig, configPaths: readonly string[]): ProcessStatus => ({
  pid: process.pid,
  uptime: process.uptime(),
  memoryUsage: process.memoryUsage(),
  nodeVersion: process.version,
  configPaths: [...configPaths],
  sections: Object.keys(current),
  restart
})
