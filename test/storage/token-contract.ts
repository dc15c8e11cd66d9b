import type { Test } from 'tap'
import type { JournalEntry, NewEvent, StoredToken } from '../../src/storage/port.ts'
import type { OpenStorage } from './contract.ts'

const [D, E, F] = ['d', 'e', 'f'].map((letter) => letter.repeat(64)) as [string, string, string]
const token = (more: Partial<StoredToken> = {}): StoredToken => ({
  clientId: 'owner',
  digest: D,
  scopes: ['*'],
  createdAt: 1,
  expiresAt: undefined,
  ...more
})
const event = (payload: string): NewEvent => ({ type: 'x', payload, at: 1 })

/** What every adapter's tokens have to keep to. `fresh` gives a test its own, empty store. */
export function tokenContract(t: Test, fresh: (t: Test) => Promise<OpenStorage>): void {
  t.test('tokens stay', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    const expiring = token({ clientId: 'guest', digest: E, scopes: ['rpc', 'api'], createdAt: 2, expiresAt: 99 })
    await storage.tokens.add(token(), undefined, [])
    await storage.tokens.add(expiring, undefined, [])
    await t.rejects(storage.tokens.add(token(), undefined, []), 'the same digest twice')
    await storage.close()
    storage = await open()
    t.same(await storage.tokens.list(), [token(), expiring])
    t.same(await storage.tokens.ends([D, E]), [])
    await storage.close()
  })

  t.test('an end is kept for any digest, is never put off, and reaches the token that has it', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    await storage.tokens.add(token(), undefined, [])
    await storage.tokens.add(token({ digest: E, expiresAt: 50 }), undefined, [])
    await storage.tokens.end(
      [D, E, F].map((digest) => ({ digest, endsAt: 70 })),
      'owner',
      []
    )
    await storage.tokens.end([{ digest: D, endsAt: 80 }], 'owner', [])
    await storage.tokens.end([{ digest: F, endsAt: 0 }], 'owner', [])
    await storage.close()
    storage = await open()
    t.same(
      (await storage.tokens.list()).map(({ digest, expiresAt }) => [digest, expiresAt]),
      [
        [D, 70],
        [E, 50]
      ]
    )
    t.same(
      (await storage.tokens.ends([F, D, 'a'.repeat(64)])).toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
      [
        { digest: D, endsAt: 70 },
        { digest: F, endsAt: 0 }
      ],
      'those that are asked for'
    )
    await storage.close()
  })

  t.test('what has expired goes when another comes; its end stays', async (t) => {
    const storage = await (await fresh(t))()
    await storage.tokens.add(token({ expiresAt: 10 }), undefined, [])
    await storage.tokens.add(token({ digest: E, createdAt: 10 }), undefined, [])
    t.same(await storage.tokens.list(), [token({ digest: E, createdAt: 10 })])
    await storage.tokens.replace([{ digest: E, endsAt: 0 }], token({ digest: F, createdAt: 11 }), undefined, [])
    t.same(await storage.tokens.list(), [token({ digest: F, createdAt: 11 })])
    t.same(await storage.tokens.ends([E]), [{ digest: E, endsAt: 0 }])
    await storage.close()
  })

  t.test('each change is whole, with its events', async (t) => {
    const storage = await (await fresh(t))()
    const told: JournalEntry[] = []
    storage.events.onAppended((entries) => told.push(...entries))
    await storage.tokens.add(token(), undefined, [event('added')])
    await t.rejects(storage.tokens.add(token(), undefined, [event('not added')]))
    await t.rejects(storage.tokens.replace([{ digest: D, endsAt: 5 }], token(), undefined, [event('not replaced')]))
    t.same(await storage.tokens.list(), [token()], 'what could not be replaced goes on')
    t.same(await storage.tokens.ends([D]), [])
    await storage.tokens.replace([{ digest: D, endsAt: 5 }], token({ digest: E }), undefined, [event('replaced')])
    t.same(await storage.tokens.list(), [token({ expiresAt: 5 }), token({ digest: E })])
    await storage.tokens.end([{ digest: E, endsAt: 0 }], 'owner', [event('ended')])
    t.same(
      told.map(({ payload }) => payload),
      ['added', 'replaced', 'ended']
    )
    await storage.close()
  })

  t.test('the limits of a client come with its token and go when it is ended', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    const limits = { agents: ['a'], budget: { usd: 5, per: 'day' as const } }
    await storage.tokens.add(token(), limits, [])
    await storage.tokens.limit(
      [
        { clientId: 'guest', limits: {} },
        { clientId: 'owner', limits: { models: [] } }
      ],
      [event('limited')]
    )
    await storage.close()
    storage = await open()
    t.same(
      (await storage.tokens.limits()).toSorted((a, b) => (a.clientId < b.clientId ? -1 : 1)),
      [
        { clientId: 'guest', limits: {} },
        { clientId: 'owner', limits: { models: [] } }
      ]
    )
    await storage.tokens.replace([{ digest: D, endsAt: 5 }], token({ digest: E }), limits, [])
    t.match(await storage.tokens.limits(), [{ clientId: 'guest' }, { clientId: 'owner', limits }])
    await storage.tokens.end([{ digest: E, endsAt: 0 }], 'owner', [])
    t.same(await storage.tokens.limits(), [{ clientId: 'guest', limits: {} }])
    await storage.tokens.add(token({ digest: F, clientId: 'guest' }), undefined, [])
    t.same(await storage.tokens.limits(), [], 'those of the configuration hold')
    await storage.close()
  })
}
