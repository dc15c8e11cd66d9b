import { randomUUID } from 'node:crypto'
import packageJson from '../package.json' with { type: 'json' }

/** The version of this package. */
export const VERSION = packageJson.version

/** This run of the gateway: a client that sees another id knows that the process was started again. */
export interface Instance {
  readonly instanceId: string
  /** ISO 8601. */
  readonly startedAt: string
}

export const newInstance = (): Instance => ({ instanceId: randomUUID(), startedAt: new Date().toISOString() })
