import type { DatabaseSync } from 'node:sqlite'
import type { Scope } from '../../config/schema.ts'
import type { TokenStore } from '../port.ts'
import type { Writer } from './writer.ts'

interface Row {
  digest: string
  client_id: string
  scopes: string
  created_at: number
  expires_at: number | null
}

export function tokenStore(db: DatabaseSync, writer: Writer): TokenStore {
  const list = db.prepare('SELECT digest, client_id, scopes, created_at, expires_at FROM tokens ORDER BY created_at')
  const add = db.prepare(
    'INSERT INTO tokens (digest, client_id, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?)'
  )
  return {
    async list() {
      return (list.all() as unknown as Row[]).map((row) => ({
        clientId: row.client_id,
        digest: row.digest,
        scopes: JSON.parse(row.scopes) as Scope[],
        createdAt: row.created_at,
        expiresAt: row.expires_at ?? undefined
      }))
    },
    async add({ digest, clientId, scopes, createdAt, expiresAt }) {
      await writer.run(() => add.run(digest, clientId, JSON.stringify(scopes), createdAt, expiresAt ?? null))
    }
  }
}
