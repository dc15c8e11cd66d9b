import type { Events } from '../events/events.ts'
import type { StartStore } from '../storage/port.ts'
import { changedPaths, redact } from './redact.ts'
import type { Config } from './schema.ts'

/** Keeps the configuration of this start, without secrets, and tells in what it differs from that of the one before. */
export async function rememberConfig(config: Config, starts: StartStore, events: Events): Promise<void> {
  const now = JSON.stringify(redact(config))
  const before = await starts.last()
  if (before === now) return
  const paths = before === undefined ? [] : changedPaths(JSON.parse(before), JSON.parse(now))
  const told = paths.length > 0 ? [events.prepare('config:patched', { source: 'start', paths })] : []
  await starts.record(Date.now(), now, told)
}
