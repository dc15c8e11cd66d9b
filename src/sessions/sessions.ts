import type { Principal } from '../access/principal.ts'
import type { Agents } from '../agents/registry.ts'
import type { Leases } from '../cluster/leases.ts'
import { GatewayError } from '../errors.ts'
import type { Events } from '../events/events.ts'
import { userText } from '../models/message.ts'
import type { MessagePage, NewEvent, SessionRef, SessionStore, StoredSession } from '../storage/port.ts'
import type { TurnRequest } from '../turns/turn.ts'
import type { Turns } from '../turns/turns.ts'
import { type Compaction, compactSession } from './compact.ts'
import { leaseKey } from './key.ts'
import { checkTitle } from './title.ts'

/** A session as it is now. */
export interface SessionStatus extends StoredSession {
  /** Ids of the turns that run in it, or wait for their turn. */
  running: string[]
}

/** The conversations that are kept. Whatever changes one waits until no turn runs in it, and keeps others out meanwhile. */
export interface Sessions {
  list: SessionStore['list']
  search: SessionStore['search']
  /** @throws GatewayError `not_found` */
  status(session: SessionRef): Promise<SessionStatus>
  /**
   * A page of all that was said in it, oldest first.
   * @param after `next` of the page before
   * @throws GatewayError `not_found`
   */
  messages(session: SessionRef, after?: string): Promise<MessagePage & { session: StoredSession }>
  /** What a turn is asked that goes on with it, by the agent that answered in it last. @throws GatewayError `not_found` */
  ask(session: SessionRef, message: string): Promise<Omit<TurnRequest, 'id' | 'by'>>
  /**
   * Gives it a title that people know it by. Waits for no turn: what is said in it stays the same.
   * @param title null or an empty one: it has none any more
   * @throws GatewayError `not_found`; `invalid_request` for one that is too long or holds control characters
   */
  rename(session: SessionRef, title: string | null, by: Principal): Promise<StoredSession>
  /**
   * Its next message starts a new conversation. What was said can still be read.
   * @param signal gives up waiting for the turns that run in it
   * @throws GatewayError `not_found`
   */
  reset(session: SessionRef, by: Principal, signal: AbortSignal): Promise<void>
  /** Removes it with its messages; turns that run in it are stopped. Waits and throws as `reset` does. */
  remove(session: SessionRef, by: Principal, signal: AbortSignal): Promise<void>
  /**
   * Has a summary stand for all but the newest messages of its conversation. Waits as `reset` does.
   * @param keep messages that are kept as they are, and as many more as lead back to a question of the user's
   * @throws GatewayError `not_found`; `invalid_request` where its agent has a built-in model; whatever its model throws
   */
  compact(session: SessionRef, keep: number, by: Principal, signal: AbortSignal): Promise<Compaction>
}

export interface SessionsOptions {
  store: SessionStore
  leases: Leases
  turns: Turns
  agents: Agents
  events: Events
}

const PAGE = 200
/** Messages of one write: more would keep everyone waiting. */
const REMOVED_AT_ONCE = 50

export function openSessions({ store, leases, turns, agents, events }: SessionsOptions): Sessions {
  async function find(session: SessionRef): Promise<StoredSession> {
    const found = await store.get(session)
    if (!found) throw new GatewayError('not_found', 'There is no such session')
    return found
  }

  /** Does something to a session that no turn runs in. */
  async function alone<T>(
    session: SessionRef,
    signal: AbortSignal,
    work: (found: StoredSession, signal: AbortSignal) => Promise<T>
  ): Promise<T> {
    await find(session)
    await using lease = await leases.acquire(leaseKey(session), signal)
    return await work(await find(session), AbortSignal.any([signal, lease.lost]))
  }

  const audit = (action: string, by: Principal, { key, clientId, agentId }: StoredSession): NewEvent[] => [
    events.prepare('audit:event', {
      action: `session.${action}`,
      outcome: 'done',
      subject: key,
      by: by.clientId,
      sessionKey: key,
      clientId,
      agentId
    })
  ]

  return {
    list: store.list,
    search: store.search,
    async status(session) {
      const found = await find(session)
      return { ...found, running: turns.of(session).map(({ id }) => id) }
    },
    async messages(session, after) {
      const found = await find(session)
      return { session: found, ...(await store.messages(session, { limit: PAGE, after })) }
    },
    async ask(session, message) {
      const { agentId } = await find(session)
      return { target: { agent: agents.get(agentId) }, input: [userText(message)], session, settings: {}, tools: [] }
    },
    async rename(session, title, by) {
      const named = checkTitle(title)
      await store.rename(session, named, audit('rename', by, await find(session)))
      return await find(session)
    },
    reset: (session, by, signal) =>
      alone(session, signal, async (found) => {
        await store.reset(session, audit('reset', by, found))
      }),
    async remove(session, by, signal) {
      await find(session)
      for (const turn of turns.of(session)) turn.abort('cancelled')
      await alone(session, signal, async (found) => {
        const told = audit('delete', by, found)
        while (!(await store.remove(session, REMOVED_AT_ONCE, told)));
      })
    },
    compact: (session, keep, by, signal) =>
      alone(session, signal, (found, held) =>
        compactSession(
          { session, keep, by, agent: agents.get(found.agentId), events: audit('compact', by, found), signal: held },
          { store, turns }
        )
      )
  }
}
