import type { DatabaseSync } from 'node:sqlite'
import type { StartStore } from '../port.ts'
import type { AppendEvents } from './events.ts'
import type { Writer } from './writer.ts'

export function startStore(db: DatabaseSync, writer: Writer, append: AppendEvents): StartStore {
  const last = db.prepare('SELECT config FROM starts ORDER BY seq DESC LIMIT 1')
  const record = db.prepare('INSERT INTO starts (at, config) VALUES (?, ?)')
  return {
    async last() {
      return (last.get() as { config: string } | undefined)?.config
    },
    record: (at, config, events) =>
      writer.run(() => {
        record.run(at, config)
        append(events)
      })
  }
}
