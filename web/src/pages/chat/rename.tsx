import { useEffect, useRef } from 'preact/hooks'
import { client, fail } from '../../state/session.ts'
import { retitleConversation, sessionsVersion } from './conversations.ts'

export interface RenameProps {
  sessionKey: string
  owner: string | undefined
  title: string | undefined
  /** It is over, with a new title or without; `byKeyboard`: the focus is to go back to where it came from. */
  onEnd(byKeyboard: boolean): void
}

/** The longest that the gateway takes. */
const LONGEST = 200

/** The title of a conversation while it is changed, in its place. Enter keeps it, and so does going elsewhere; Escape does not. */
export function Rename({ sessionKey, owner, title = '', onEnd }: RenameProps) {
  const input = useRef<HTMLInputElement>(null)
  const over = useRef(false)
  useEffect(() => input.current?.select(), [])

  function leave(byKeyboard: boolean): void {
    over.current = true
    onEnd(byKeyboard)
  }

  async function keep(byKeyboard: boolean): Promise<void> {
    const wanted = input.current?.value.trim() ?? ''
    if (over.current) return
    if (wanted === title) return leave(byKeyboard)
    over.current = true
    try {
      const at = { path: { key: sessionKey }, query: { clientId: owner } }
      const kept = await client().rest('renameSession', { ...at, body: { title: wanted || null } })
      retitleConversation(sessionKey, owner, kept.title)
      sessionsVersion.value++
      onEnd(byKeyboard)
    } catch (error) {
      over.current = false
      fail(error)
    }
  }

  return (
    <input
      ref={input}
      class="input rename"
      aria-label="Title of the conversation"
      placeholder={sessionKey}
      maxLength={LONGEST}
      defaultValue={title}
      dir="auto"
      onBlur={() => void keep(false)}
      onKeyDown={(event) => {
        if (event.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return
        event.preventDefault()
        // A dialog that it stands in stays open.
        event.stopPropagation()
        if (event.key === 'Escape') leave(true)
        else void keep(true)
      }}
    />
  )
}
