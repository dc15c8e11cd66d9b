import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { useLoad } from '../../lib/load.ts'
import { browserStorage, tabStorage } from '../../state/place.ts'
import { go, place } from '../../state/router.ts'
import { call, may } from '../../state/session.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Empty, Failure, Loading, Note } from '../../ui/states.tsx'
import { VirtualList } from '../../ui/virtual-list.tsx'
import { Composer } from './composer.tsx'
import { type Answerer, type Conversation, loadConversation, newKey, openConversation, say } from './conversations.ts'
import { textOf } from './message.ts'
import { MessageView } from './message-view.tsx'
import { Rename } from './rename.tsx'
import { Sessions } from './sessions.tsx'
import './chat.css'

const MESSAGE_PX = 120

export default function ChatPage() {
  const { params } = place.value
  const key = params.get('session') ?? ''
  const owner = params.get('client') ?? undefined
  const listed = useSignal(false)

  useEffect(() => {
    if (key) tabStorage.set('session', owner ? undefined : key)
    else go('chat', { session: tabStorage.get('session') ?? newKey() }, { replace: true })
  }, [key])

  const startNew = () => {
    listed.value = false
    go('chat', { session: newKey() })
  }
  const sessions = (
    <Sessions current={`${owner ?? ''} ${key}`} onNew={startNew} onFollow={() => (listed.value = false)} />
  )
  return (
    <div class="chat">
      <aside class="chat-side" aria-label="Conversations">
        {sessions}
      </aside>
      {listed.value && (
        <Dialog title="Conversations" onClose={() => (listed.value = false)}>
          {sessions}
        </Dialog>
      )}
      {key && (
        <Talk
          key={`${owner ?? ''} ${key}`}
          name={key}
          owner={owner}
          onNew={startNew}
          onList={() => (listed.value = true)}
        />
      )}
    </div>
  )
}

interface TalkProps {
  name: string
  owner: string | undefined
  onNew(): void
  onList(): void
}

function Talk({ name, owner, onNew, onList }: TalkProps) {
  const conversation = useMemo(() => openConversation(name, owner), [name, owner])
  const agents = useLoad((signal) => call('agents.list', {}, signal), [])
  const models = useLoad(async (signal) => (may('admin') ? call('models.list', {}, signal) : undefined), [])
  const chosen = useSignal<Answerer>({ agentId: browserStorage.get('agent'), model: browserStorage.get('model') })
  const list = agents.data?.agents ?? []
  const usable = list.filter((agent) => agent.status === 'active')
  const agentId = [chosen.value.agentId, 'default', usable[0]?.id].find((id) => usable.some((one) => one.id === id))
  const agentName = list.find((one) => one.id === agentId)?.name ?? 'Agent'

  const modelIds = (models.data?.models ?? []).map(({ id }) => id)
  // What is not there any more is not asked for.
  const model = modelIds.find((id) => id === chosen.value.model)

  function choose(next: Answerer): void {
    chosen.value = next
    browserStorage.set('agent', next.agentId)
    browserStorage.set('model', next.model)
  }

  return (
    <section class="talk" aria-label="Conversation">
      <header class="talk-head">
        <Title conversation={conversation} />
        <Button class="only-narrow" icon="history" label="Conversations" kind="quiet" onClick={onList} />
        <Button class="only-narrow" icon="plus" label="New conversation" kind="quiet" onClick={onNew} />
      </header>
      <Said conversation={conversation} agent={agentName} />
      {agents.error !== undefined && <Failure error={agents.error} onRetry={agents.reload} />}
      {owner === undefined ? (
        <Composer
          draft={conversation.draft}
          files={conversation.files}
          agents={list}
          models={modelIds}
          answerer={{ agentId, model }}
          onAnswerer={choose}
          running={conversation.stop.value !== undefined}
          onSend={(written) => void say(conversation, written, { agentId, model })}
          onStop={() => conversation.stop.value?.abort()}
        />
      ) : (
        <div class="composer">
          <Note>This conversation belongs to the client “{owner}”: you read it as an admin.</Note>
        </div>
      )}
    </section>
  )
}

/** What the conversation is called. It can be renamed once there is something in it. */
function Title({ conversation: { key, owner, title, messages } }: { conversation: Conversation }) {
  const renaming = useSignal(false)
  const button = useRef<HTMLSpanElement>(null)
  const isKept = messages.value.length > 0

  useEffect(() => {
    if (!isKept) return
    const onKey = (event: KeyboardEvent) => {
      // The list of conversations has this key for those that are in it.
      if (event.key !== 'F2' || event.defaultPrevented) return
      event.preventDefault()
      renaming.value = true
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [isKept])

  function end(byKeyboard: boolean): void {
    renaming.value = false
    if (byKeyboard) requestAnimationFrame(() => button.current?.querySelector('button')?.focus())
  }

  return (
    <>
      <h1 class={renaming.value ? 'unseen' : 'clip'} tabIndex={-1}>
        {isKept ? (title.value ?? key) : 'New conversation'}
      </h1>
      {renaming.value && <Rename sessionKey={key} owner={owner} title={title.value} onEnd={end} />}
      {isKept && (
        <span ref={button}>
          <Button icon="edit" label="Rename (F2)" kind="quiet" slim onClick={() => void (renaming.value = true)} />
        </span>
      )}
    </>
  )
}

function Said({ conversation, agent }: { conversation: Conversation; agent: string }) {
  const following = useSignal(true)
  const toEnd = useRef<() => void>(() => undefined)
  const messages = conversation.messages.value
  const status = conversation.status.value
  if (status === 'failed') {
    return (
      <div class="talk-empty">
        <Failure error={conversation.error} onRetry={() => void loadConversation(conversation)} />
      </div>
    )
  }
  if (messages.length === 0) return status === 'loading' ? <Loading /> : <Begin agent={agent} />
  return (
    <div class="said-list">
      <VirtualList
        class="messages"
        label="Messages"
        items={messages}
        keyOf={(message) => message.id}
        estimate={MESSAGE_PX}
        follow
        onFollowing={(now) => (following.value = now)}
        toEnd={toEnd}
        render={(message) => <MessageView message={message} agent={agent} />}
      />
      {!following.value && (
        <div class="to-end">
          <Button icon="down" slim onClick={() => toEnd.current()}>
            Newest
          </Button>
        </div>
      )}
      <Announcer conversation={conversation} />
    </div>
  )
}

/** An answer is told to screen readers once it is whole: word by word nobody could listen to it. */
function Announcer({ conversation }: { conversation: Conversation }) {
  const running = conversation.stop.value !== undefined
  const wasRunning = useRef(running)
  const told = useSignal('')
  useEffect(() => {
    const last = conversation.messages.value.at(-1)
    if (wasRunning.current && !running && last?.role === 'assistant') told.value = `${textOf(last)} ${last.note ?? ''}`
    wasRunning.current = running
  }, [running])
  return (
    <p class="unseen" role="status">
      {told.value}
    </p>
  )
}

const Begin = ({ agent }: { agent: string }) => (
  <div class="talk-empty">
    <Empty icon="chat" title={`Talk to ${agent}`}>
      <p>Enter sends, Shift+Enter starts a new line. What is said is kept, and can be found again at any time.</p>
    </Empty>
  </div>
)
