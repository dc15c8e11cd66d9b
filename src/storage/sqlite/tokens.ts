import type { DatabaseSync } from 'node:sqlite'
import type { Scope } from '../../config/schema.ts'
import type { StoredToken, TokenEnd, TokenStore } from '../port.ts'
import type { AppendEvents } from './events.ts'
import type { Writer } from './writer.ts'

interface Row {
  digest: string
  client_id: string
  scopes: string
  created_at: number
  expires_at: number | null
}

const LIST = 'SELECT digest, client_id, scopes, created_at, expires_at FROM tokens ORDER BY created_at'
const ADD = 'INSERT INTO tokens (digest, client_id, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?)'
const DROP_EXPIRED = 'DELETE FROM tokens WHERE expires_at <= ?'
const END = `
  INSERT INTO token_ends (digest, ends_at) VALUES (?, ?)
  ON CONFLICT DO UPDATE SET ends_at = min(ends_at, excluded.ends_at)`
const EXPIRE = 'UPDATE tokens SET expires_at = min(coalesce(expires_at, ?1), ?1) WHERE digest = ?2'
const ENDS = 'SELECT digest, ends_at AS endsAt FROM token_ends WHERE digest IN (SELECT value FROM json_each(?))'

export function tokenStore(db: DatabaseSync, writer: Writer, append: AppendEvents): TokenStore {
  const list = db.prepare(LIST)
  const add = db.prepare(ADD)
  const dropExpired = db.prepare(DROP_EXPIRED)
  const end = db.prepare(END)
  const expire = db.prepare(EXPIRE)
  const ends = db.prepare(ENDS)

  function addNow({ digest, clientId, scopes, createdAt, expiresAt }: StoredToken): void {
    dropExpired.run(createdAt)
    add.run(digest, clientId, JSON.stringify(scopes), createdAt, expiresAt ?? null)
  }

  function endNow({ digest, endsAt }: TokenEnd): void {
    end.run(digest, endsAt)
    expire.run(endsAt, digest)
  }

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
    add: (token, events) =>
      writer.run(() => {
        addNow(token)
        append(events)
      }),
    replace: (ended, token, events) =>
      writer.run(() => {
        ended.forEach(endNow)
        addNow(token)
        append(events)
      }),
    end: (ended, events) =>
      writer.run(() => {
        ended.forEach(endNow)
        append(events)
      }),
    async ends(digests) {
      return (ends.all(JSON.stringify(digests)) as unknown as TokenEnd[]).map((row) => ({ ...row }))
    }
  }
}
