import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Result, Upload } from '../../../../client/index.ts'
import { formatBytes } from '../../lib/format.ts'
import { client, fail } from '../../state/session.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'

export type Agent = Result<'agents.list'>['agents'][number]

export interface ComposerProps {
  /** What is being written. */
  draft: Signal<string>
  agents: readonly Agent[]
  agentId: string | undefined
  onAgent(id: string): void
  running: boolean
  onSend(message: string): void
  onStop(): void
}

interface Attached extends Upload {
  name: string
}

const UPLOAD_MS = 10 * 60_000

export function Composer({ draft: text, agents, agentId, onAgent, running, onSend, onStop }: ComposerProps) {
  const files = useSignal<readonly Attached[]>([])
  const uploading = useSignal(0)
  const input = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)

  useEffect(() => {
    // On a touch screen the keyboard would cover what is there to read.
    if (matchMedia('(pointer: fine)').matches) input.current?.focus({ preventScroll: true })
  }, [])

  function send(): void {
    const message = [text.value.trim(), ...files.value.map(asMarkdown)].filter(Boolean).join('\n\n')
    if (running || uploading.value > 0 || !message) return
    text.value = ''
    files.value = []
    onSend(message)
  }

  async function attach(chosen: Iterable<File>): Promise<void> {
    for (const file of chosen) {
      uploading.value++
      try {
        const type = file.type || 'application/octet-stream'
        const kept = await client().upload(file, type, { timeoutMs: UPLOAD_MS })
        files.value = [...files.value, { ...kept, name: file.name }]
      } catch (error) {
        fail(error)
      } finally {
        uploading.value--
      }
    }
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        void attach(event.dataTransfer?.files ?? [])
      }}
    >
      <div class="composer-box">
        {(files.value.length > 0 || uploading.value > 0) && (
          <ul class="attached" aria-label="Attached files">
            {files.value.map((file) => (
              <li key={file.id}>
                <span class="clip">{file.name}</span>
                <span class="muted">{formatBytes(file.size)}</span>
                <Button
                  icon="close"
                  label={`Remove ${file.name}`}
                  kind="quiet"
                  slim
                  onClick={() => void (files.value = files.value.filter((one) => one.id !== file.id))}
                />
              </li>
            ))}
            {uploading.value > 0 && <li class="muted">Uploading…</li>}
          </ul>
        )}
        <textarea
          ref={input}
          rows={1}
          aria-label="Message"
          placeholder="Write a message"
          enterkeyhint="send"
          dir="auto"
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
          onPaste={(event) => {
            const pasted = event.clipboardData?.files
            if (!pasted?.length) return
            event.preventDefault()
            void attach(pasted)
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
            event.preventDefault()
            send()
          }}
        />
        <div class="composer-bar">
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label="Files to attach"
            onChange={(event) => {
              void attach([...(event.currentTarget.files ?? [])])
              event.currentTarget.value = ''
            }}
          />
          <Button icon="attach" label="Attach files" kind="quiet" slim onClick={() => picker.current?.click()} />
          <AgentPicker agents={agents} agentId={agentId} onAgent={onAgent} />
          <span class="grow" />
          {running ? (
            <button type="button" class="button primary square slim" aria-label="Stop" title="Stop" onClick={onStop}>
              <Icon name="stop" />
            </button>
          ) : (
            <button class="button primary square slim" aria-label="Send" title="Send">
              <Icon name="send" />
            </button>
          )}
        </div>
      </div>
    </form>
  )
}

const asMarkdown = ({ name, id, contentType }: Attached) =>
  `${contentType.startsWith('image/') ? '!' : ''}[${name.replace(/[[\]]/g, '')}](/media/${id})`

type PickerProps = Pick<ComposerProps, 'agents' | 'agentId' | 'onAgent'>

/** Who answers, and with which model. */
const AgentPicker = ({ agents, agentId, onAgent }: PickerProps) => (
  <select
    class="agent-picker"
    aria-label="Agent"
    value={agentId}
    onChange={(event) => onAgent(event.currentTarget.value)}
  >
    {agents.map(({ id, name, provider, model, status }) => (
      <option key={id} value={id} disabled={status === 'suspended'}>
        {name} · {[provider, model].filter(Boolean).join('/')}
        {status === 'suspended' ? ' (suspended)' : ''}
      </option>
    ))}
  </select>
)
