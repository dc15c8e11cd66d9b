import type { DatabaseSync } from 'node:sqlite'
import type { Scope, TokenLimits } from '../../config/schema.ts'
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
const LIMIT = `
  INSERT INTO token_limits (client_id, limits) VALUES (?, ?) ON CONFLICT DO UPDATE SET limits = excluded.limits`
const UNLIMIT = 'DELETE FROM token_limits WHERE client_id = ?'
const LIMITS = 'SELECT client_id AS clientId, limits FROM token_limits'

export function tokenStore(db: DatabaseSync, writer: Writer, append: AppendEvents): TokenStore {
  const list = db.prepare(LIST)
  const add = db.prepare(ADD)
  const dropExpired = db.prepare(DROP_EXPIRED)
  const end = db.prepare(END)
  const expire = db.prepare(EXPIRE)
  const ends = db.prepare(ENDS)
  const limit = db.prepare(LIMIT)
  const unlimit = db.prepare(UNLIMIT)
  const limits = db.prepare(LIMITS)

  function addNow({ digest, clientId, scopes, createdAt, expiresAt }: StoredToken): void {
    dropExpired.run(createdAt)
    add.run(digest, clientId, JSON.stringify(scopes), createdAt, expiresAt ?? null)
  }

  function endNow({ digest, endsAt }: TokenEnd): void {
    end.run(digest, endsAt)
    expire.run(endsAt, digest)
  }

  const limitNow = (clientId: string, given: TokenLimits | undefined) =>
    void (given ? limit.run(clientId, JSON.stringify(given)) : unlimit.run(clientId))

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
    add: (token, given, events) =>
      writer.run(() => {
        addNow(token)
        limitNow(token.clientId, given)
        append(events)
      }),
    replace: (ended, token, given, events) =>
      writer.run(() => {
        ended.forEach(endNow)
        addNow(token)
        limitNow(token.clientId, given)
        append(events)
      }),
    end: (ended, clientId, events) =>
      writer.run(() => {
        ended.forEach(endNow)
        unlimit.run(clientId)
        append(events)
      }),
    limit: (clients, events) =>
      writer.run(() => {
        for (const { clientId, limits: given } of clients) limitNow(clientId, given)
        append(events)
      }),
    async limits() {
      const rows = limits.all() as unknown as { clientId: string; limits: string }[]
      return rows.map(({ clientId, limits: text }) => ({ clientId, limits: JSON.parse(text) as TokenLimits }))
    },
    async ends(digests) {
      return (ends.all(JSON.stringify(digests)) as unknown as TokenEnd[]).map((row) => ({ ...row }))
    }
  }
}
