import type { DatabaseSync } from 'node:sqlite'
import { MIGRATIONS } from './migrations.ts'

/**
 * Brings a database to the newest schema, in one transaction: a step that fails leaves what the older version knows, and a
 * new database costs one flush of the disk instead of one a step.
 * @throws Error if a newer version of the gateway made the database
 */
export function migrate(db: DatabaseSync): void {
  const version = schemaVersion(db)
  if (version > MIGRATIONS.length) {
    throw new Error(
      `The database has schema ${version}, this version knows ${MIGRATIONS.length}: it needs a newer comis-gateway`
    )
  }
  if (version === MIGRATIONS.length) return
  db.exec('BEGIN IMMEDIATE')
  try {
    for (const sql of MIGRATIONS.slice(version)) db.exec(sql)
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`)
    db.exec('COMMIT')
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}

/** How many steps a database has taken. */
export function schemaVersion(db: DatabaseSync): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
}
