import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ClientError, type Issue } from '../../../../client/index.ts'
import { useLoad } from '../../lib/load.ts'
import { mergePatch } from '../../lib/merge-patch.ts'
import { SchemaForm } from '../../schema-form/schema-form.tsx'
import { entryOf, type Schema } from '../../schema-form/schema.ts'
import { call, fail } from '../../state/session.ts'
import { toast } from '../../state/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Shown } from '../../ui/states.tsx'

type Config = Record<string, unknown>

export interface AgentDialogProps {
  /** Undefined: a new one. */
  id: string | undefined
  onClose(): void
  onSaved(): void
}

async function read(id: string | undefined, signal: AbortSignal) {
  const [{ schema }, agent] = await Promise.all([
    call('config.schema', {}, signal),
    id === undefined ? undefined : call('agents.get', { agentId: id }, signal)
  ])
  const agents = (schema as Schema).properties?.agents ?? {}
  return { schema: entryOf(agents), config: (agent?.config ?? {}) as Config }
}

/** An agent's configuration, by the schema that checks it. */
export function AgentDialog({ id, onClose, onSaved }: AgentDialogProps) {
  const loaded = useLoad((signal) => read(id, signal), [id])
  const name = useSignal('')
  const draft = useSignal<Config>({})
  const issues = useSignal<readonly Issue[]>([])

  useEffect(() => {
    if (loaded.data) draft.value = loaded.data.config
  }, [loaded.data])

  async function save(before: Config): Promise<void> {
    try {
      if (id === undefined) {
        await call('agents.create', { ...draft.value, agentId: name.value })
        toast(`${name.value} answers from now on`)
      } else {
        const patch = mergePatch(before, draft.value) ?? {}
        await call('agents.update', { agentId: id, patch })
        toast('Saved')
      }
      onSaved()
    } catch (error) {
      if (error instanceof ClientError) issues.value = error.issues.map(bare)
      fail(error)
    }
  }

  return (
    <Dialog title={id === undefined ? 'New agent' : `Edit ${id}`} wide onClose={onClose}>
      <Shown of={loaded}>
        {({ schema, config }) => (
          <div class="form">
            {id === undefined && (
              <TextField
                label="Id"
                hint="What clients call it by: letters, digits, dots, dashes."
                required
                value={name.value}
                onInput={(value) => (name.value = value)}
                problem={issues.value.find(({ path }) => path === 'agentId')?.message}
              />
            )}
            <SchemaForm
              schema={schema}
              value={draft.value}
              issues={issues.value}
              onChange={(value) => (draft.value = value as Config)}
            />
            <div class="actions end">
              <Button onClick={onClose}>Cancel</Button>
              <Button kind="primary" disabled={id === undefined && !name.value} onClick={() => save(config)}>
                {id === undefined ? 'Create' : 'Save'}
              </Button>
            </div>
          </div>
        )}
      </Shown>
    </Dialog>
  )
}

/** The form knows its fields from the agent on. */
const bare = ({ path, message }: Issue): Issue => ({ path: path.replace(/^(patch\.|agents\.[^.]+\.)/, ''), message })
