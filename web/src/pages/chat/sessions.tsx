import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Operations, Result } from '../../../../client/index.ts'
import { download } from '../../lib/download.ts'
import { useLoad } from '../../lib/load.ts'
import { call, client, may, ownerOf } from '../../state/session.ts'
import { toast } from '../../state/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/dialog.tsx'
import { SearchInput } from '../../ui/field.tsx'
import { Link } from '../../ui/link.tsx'
import { Shown } from '../../ui/states.tsx'
import { Ago } from '../../ui/time.tsx'
import { forgetConversation, sessionsVersion } from './conversations.ts'
import { Rename } from './rename.tsx'

export type SessionRecord = Operations['listSessions']['result']['sessions'][number]
type Hit = Result<'session.search'>['results'][number]

const PAGE = 50
/** Found by their titles. */
const MOST_TITLES = 10
const LONGEST_TITLE = 200

export interface SessionsProps {
  current: string
  onNew(): void
  onFollow(): void
}

export function Sessions({ current, onNew, onFollow }: SessionsProps) {
  const query = useSignal('')
  const asked = useDelayed(query.value.trim(), 250)
  return (
    <div class="sessions">
      <div class="sessions-head">
        <Button icon="plus" onClick={onNew}>
          New conversation
        </Button>
        <SearchInput
          label="Search in all conversations"
          value={query.value}
          onInput={(value) => (query.value = value)}
        />
      </div>
      {asked ? (
        <Hits query={asked} onFollow={onFollow} />
      ) : (
        <List current={current} onNew={onNew} onFollow={onFollow} />
      )}
    </div>
  )
}

function useDelayed(value: string, ms: number): string {
  const settled = useSignal(value)
  useEffect(() => {
    const timer = setTimeout(() => (settled.value = value), ms)
    return () => clearTimeout(timer)
  }, [value])
  return settled.value
}

function List({ current, onNew, onFollow }: SessionsProps) {
  const shown = useSignal(PAGE)
  const version = useDelayed(String(sessionsVersion.value), 300)
  const loaded = useLoad(
    (signal) => client().rest('listSessions', { query: { limit: String(Math.min(shown.value, 200)) } }, { signal }),
    [version, shown.value]
  )
  return (
    <Shown of={loaded}>
      {({ sessions, next }) =>
        sessions.length === 0 ? (
          <p class="muted small sessions-none">What you talk about with an agent is kept here.</p>
        ) : (
          <ul class="sessions-list">
            {sessions.map((one) => (
              <Entry
                key={`${one.clientId} ${one.sessionKey}`}
                session={one}
                current={current}
                onNew={onNew}
                onFollow={onFollow}
              />
            ))}
            {next && shown.value < 200 && (
              <li>
                <Button kind="quiet" slim onClick={() => void (shown.value += PAGE)}>
                  Show more
                </Button>
              </li>
            )}
          </ul>
        )
      }
    </Shown>
  )
}

interface EntryProps extends SessionsProps {
  session: SessionRecord
}

function Entry({ session: one, current, onNew, onFollow }: EntryProps) {
  const { sessionKey, clientId, updatedAt, messages } = one
  const owner = ownerOf(clientId)
  const open = useSignal(false)
  const renaming = useSignal(false)
  const item = useRef<HTMLLIElement>(null)
  const isCurrent = current === `${owner ?? ''} ${sessionKey}`

  function endRenaming(byKeyboard: boolean): void {
    renaming.value = false
    open.value = false
    if (byKeyboard) requestAnimationFrame(() => item.current?.querySelector('a')?.focus())
  }

  return (
    <li
      ref={item}
      class={isCurrent ? 'session current' : 'session'}
      onKeyDown={(event) => {
        if (event.key !== 'F2') return
        event.preventDefault()
        renaming.value = true
      }}
    >
      {renaming.value ? (
        <Rename sessionKey={sessionKey} owner={owner} title={one.title} onEnd={endRenaming} />
      ) : (
        <Link page="chat" params={{ session: sessionKey, client: owner }} current={isCurrent} onFollow={onFollow}>
          <strong class="clip">{titleOf(one)}</strong>
          <span class="muted tiny clip">
            {owner && `${owner} · `}
            <Ago at={updatedAt} /> · {messages} messages
          </span>
        </Link>
      )}
      <Button
        icon="more"
        label={`More for ${titleOf(one)}`}
        kind="quiet"
        slim
        expanded={open.value}
        onClick={() => void (open.value = !open.value)}
      />
      {open.value && (
        <Actions
          session={one}
          owner={owner}
          onRename={() => (renaming.value = true)}
          onGone={() => isCurrent && onNew()}
        />
      )}
    </li>
  )
}

const titleOf = ({ title, sessionKey }: SessionRecord) => title ?? sessionKey

interface ActionsProps {
  session: SessionRecord
  owner: string | undefined
  onRename(): void
  onGone(): void
}

function Actions({ session: one, owner, onRename, onGone }: ActionsProps) {
  const { sessionKey: key } = one
  const at = { path: { key }, query: { clientId: owner } }

  async function save(): Promise<void> {
    const exported = await client().rest('exportSession', at)
    download(`${key}.json`, JSON.stringify(exported, null, 2), 'application/json')
  }

  async function reset(): Promise<void> {
    await client().rest('resetSession', at)
    toast('The next message starts a new conversation')
  }

  async function remove(): Promise<void> {
    const text = 'The conversation and all its messages are removed. This cannot be taken back.'
    if (!(await confirm({ title: 'Delete the conversation?', text, action: 'Delete', danger: true }))) return
    await client().rest('deleteSession', at)
    forgetConversation(key, owner)
    sessionsVersion.value++
    toast('The conversation is deleted')
    onGone()
  }

  return (
    <div class="session-actions">
      <Button icon="edit" slim onClick={onRename}>
        Rename
      </Button>
      <Button icon="export" slim onClick={save}>
        Export
      </Button>
      <Button icon="refresh" slim onClick={reset}>
        Reset
      </Button>
      <Button icon="trash" slim danger onClick={remove}>
        Delete
      </Button>
    </div>
  )
}

function Hits({ query, onFollow }: { query: string; onFollow(): void }) {
  const loaded = useLoad(
    async (signal) => {
      const title = query.slice(0, LONGEST_TITLE)
      const [{ sessions }, { results }] = await Promise.all([
        client().rest('listSessions', { query: { title, limit: String(MOST_TITLES) } }, { signal }),
        call('session.search', { query, limit: 50 }, signal)
      ])
      return { sessions, results }
    },
    [query]
  )
  return (
    <Shown of={loaded}>
      {({ sessions, results }) => (
        <>
          <p class="muted small sessions-none" role="status">
            {sessions.length > 0 && `${sessions.length} titles · `}
            {results.length === 0 ? 'No message holds all of these words.' : `${results.length} messages`}
          </p>
          <ul class="sessions-list">
            {sessions.map((one) => (
              <TitleEntry key={`${one.clientId} ${one.sessionKey}`} session={one} onFollow={onFollow} />
            ))}
            {results.map((hit, index) => (
              <HitEntry key={index} hit={hit} onFollow={onFollow} />
            ))}
          </ul>
        </>
      )}
    </Shown>
  )
}

const TitleEntry = ({ session: one, onFollow }: { session: SessionRecord; onFollow(): void }) => (
  <li class="session">
    <Link page="chat" params={{ session: one.sessionKey, client: ownerOf(one.clientId) }} onFollow={onFollow}>
      <strong class="clip">{titleOf(one)}</strong>
      <span class="muted tiny clip">
        {ownerOf(one.clientId) && `${one.clientId} · `}
        <Ago at={one.updatedAt} /> · {one.messages} messages
      </span>
    </Link>
  </li>
)

const HitEntry = ({
  hit: { sessionKey, clientId, content, role, timestamp },
  onFollow
}: {
  hit: Hit
  onFollow(): void
}) => (
  <li class="session">
    <Link page="chat" params={{ session: sessionKey, client: ownerOf(clientId) }} onFollow={onFollow}>
      <span class="hit">{content.slice(0, 160)}</span>
      <span class="muted tiny clip">
        {role === 'user' ? 'You' : 'Agent'} · <Ago at={timestamp} />
        {may('admin') && ownerOf(clientId) ? ` · ${clientId}` : ''}
      </span>
    </Link>
  </li>
)
