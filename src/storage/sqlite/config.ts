import type { DatabaseSync } from 'node:sqlite'
import type { ConfigStore, ConfigVersion } from '../port.ts'
import type { AppendEvents } from './events.ts'
import type { Writer } from './writer.ts'

const COLUMNS = 'seq AS version, at, source, client_id AS clientId, paths, config, overlay'
const LAST = `SELECT ${COLUMNS} FROM config_versions ORDER BY seq DESC LIMIT 1`
const GET = `SELECT ${COLUMNS} FROM config_versions WHERE seq = ?`
const LIST = `SELECT ${COLUMNS} FROM config_versions WHERE seq < ? ORDER BY seq DESC LIMIT ?`
const RECORD = 'INSERT INTO config_versions (at, source, client_id, paths, config, overlay) VALUES (?, ?, ?, ?, ?, ?)'
const PRUNE = 'DELETE FROM config_versions WHERE seq <= ?'

const MOST_KEPT = 1000

export function configStore(db: DatabaseSync, writer: Writer, append: AppendEvents): ConfigStore {
  const last = db.prepare(LAST)
  const get = db.prepare(GET)
  const list = db.prepare(LIST)
  const record = db.prepare(RECORD)
  const prune = db.prepare(PRUNE)
  return {
    async last() {
      return toVersion(last.get())
    },
    async get(version) {
      return toVersion(get.get(version))
    },
    async list(limit, before = Number.MAX_SAFE_INTEGER) {
      return list.all(before, limit).flatMap((row) => toVersion(row) ?? [])
    },
    record: ({ at, source, clientId, paths, config, overlay }, events) =>
      writer.run(() => {
        const row = record.run(at, source, clientId ?? null, JSON.stringify(paths), config, overlay)
        const version = Number(row.lastInsertRowid)
        prune.run(version - MOST_KEPT)
        append(events)
        return version
      })
  }
}

function toVersion(row: Record<string, unknown> | undefined): ConfigVersion | undefined {
  if (!row) return undefined
  return { ...row, clientId: row.clientId ?? undefined, paths: JSON.parse(row.paths as string) } as ConfigVersion
}
