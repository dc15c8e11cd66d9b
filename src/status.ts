import type { Config } from './config/schema.ts'

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
}

export const processStatus = (config: Config, configPaths: readonly string[]): ProcessStatus => ({
  pid: process.pid,
  uptime: process.uptime(),
  memoryUsage: process.memoryUsage(),
  nodeVersion: process.version,
  configPaths: [...configPaths],
  sections: Object.keys(config)
})
