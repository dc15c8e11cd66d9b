import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Result } from '../../../../client/index.ts'
import { formatBytes } from '../../lib/format.ts'
import { client, fail } from '../../state/session.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import type { Answerer, Attached, Written } from './conversations.ts'

export type Agent = Result<'agents.list'>['agents'][number]

export interface ComposerProps {
  /** What is being written. */
  draft: Signal<string>
  files: Signal<readonly Attached[]>
  agents: readonly Agent[]
  /** `provider/model` each. */
  models: readonly string[]
  answerer: Answerer
  onAnswerer(next: Answerer): void
  running: boolean
  onSend(written: Written): void
  onStop(): void
}

const UPLOAD_MS = 10 * 60_000

export function Composer({ draft: text, files, running, onSend, onStop, ...who }: ComposerProps) {
  const uploading = useSignal(0)
  const input = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)

  useEffect(() => {
    // On a touch screen the keyboard would cover what is there to read.
    if (matchMedia('(pointer: fine)').matches) input.current?.focus({ preventScroll: true })
  }, [])

  function send(): void {
    const written = { text: text.value.trim(), files: files.value }
    if (running || uploading.value > 0 || (!written.text && written.files.length === 0)) return
    text.value = ''
    files.value = []
    onSend(written)
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
          <Picker {...who} />
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

type PickerProps = Pick<ComposerProps, 'agents' | 'models' | 'answerer' | 'onAnswerer'>

/** Who answers: an agent, with the model it has or with another one. */
function Picker({ agents, models, answerer, onAnswerer }: PickerProps) {
  const { agentId, model } = answerer
  const name = agents.find(({ id }) => id === agentId)?.name ?? 'Agent'
  function choose(value: string): void {
    const [kind, chosen] = [value.slice(0, value.indexOf(' ')), value.slice(value.indexOf(' ') + 1)]
    onAnswerer(kind === 'agent' ? { agentId: chosen, model: undefined } : { agentId, model: chosen })
  }
  return (
    <select
      class="agent-picker"
      aria-label="Agent or model"
      value={model === undefined ? `agent ${agentId ?? ''}` : `model ${model}`}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      <optgroup label="Agents">
        {agents.map(({ id, name, provider, model, status }) => (
          <option key={id} value={`agent ${id}`} disabled={status === 'suspended'}>
            {name} · {[provider, model].filter(Boolean).join('/')}
            {status === 'suspended' ? ' (suspended)' : ''}
          </option>
        ))}
      </optgroup>
      {models.length > 0 && (
        <optgroup label={`${name} with another model`}>
          {models.map((id) => (
            <option key={id} value={`model ${id}`}>
              {name} · {id}
            </option>
          ))}
        </optgroup>
      )}
    </select>
  )
}
