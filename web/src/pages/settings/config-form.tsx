import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ClientError, type Issue } from '../../../../client/index.ts'
import { changesBetween, mergePatch } from '../../lib/merge-patch.ts'
import { useLoad } from '../../lib/load.ts'
import { SchemaForm } from '../../schema-form/schema-form.tsx'
import type { Schema } from '../../schema-form/schema.ts'
import { call, fail } from '../../state/session.ts'
import { toast } from '../../state/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Note, Shown } from '../../ui/states.tsx'
import { Changes } from './changes.tsx'

type Config = Record<string, unknown>

async function readAll(signal: AbortSignal) {
  const [{ schema }, { config, version, restart }] = await Promise.all([
    call('config.schema', {}, signal),
    call('config.read', {}, signal)
  ])
  return { schema: schema as Schema, config: config as Config, version, restart }
}

/** The configuration as a form, made from its schema; nothing is changed before it was looked over. */
export function ConfigForm() {
  const loaded = useLoad(readAll, [])
  const draft = useSignal<Config>({})
  const section = useSignal('gateway')
  const reviewing = useSignal(false)
  const issues = useSignal<readonly Issue[]>([])

  useEffect(() => {
    if (loaded.data) draft.value = loaded.data.config
  }, [loaded.data])

  async function apply(config: Config): Promise<void> {
    const patch = mergePatch(config, draft.value) as Config
    reviewing.value = false
    try {
      const { version, restart, overridden } = await call('config.patch', { patch })
      issues.value = []
      toast(toldOf(version, restart, overridden))
      loaded.reload()
    } catch (error) {
      if (error instanceof ClientError) issues.value = error.issues.map(withoutPatch)
      fail(error)
    }
  }

  return (
    <Shown of={loaded}>
      {({ schema, config, restart }) => {
        const changes = changesBetween(config, draft.value)
        const sections = Object.entries(schema.properties ?? {})
        const current = schema.properties?.[section.value]
        return (
          <>
            {restart.length > 0 && (
              <Note kind="warn">These take effect at the next start of the gateway: {restart.join(', ')}</Note>
            )}
            <div class="settings">
              <nav class="settings-nav" aria-label="Sections">
                {sections.map(([key]) => (
                  <button
                    key={key}
                    type="button"
                    aria-pressed={key === section.value}
                    onClick={() => (section.value = key)}
                  >
                    {key}
                    {changes.some(({ path }) => path === key || path.startsWith(`${key}.`)) && (
                      <span class="dot warn" role="img" aria-label="changed" />
                    )}
                  </button>
                ))}
              </nav>
              <section class="card" aria-label={section.value}>
                <div class="card-body">
                  {current && (
                    <SchemaForm
                      key={section.value}
                      schema={current}
                      value={draft.value[section.value]}
                      path={section.value}
                      issues={issues.value}
                      onChange={(next) => (draft.value = { ...draft.value, [section.value]: next })}
                    />
                  )}
                </div>
              </section>
            </div>
            {changes.length > 0 && (
              <div class="settings-bar">
                <span role="status">
                  {changes.length === 1 ? 'One change' : `${changes.length} changes`}, not applied yet
                </span>
                <Button onClick={() => (draft.value = config)}>Discard</Button>
                <Button kind="primary" onClick={() => (reviewing.value = true)}>
                  Review and apply
                </Button>
              </div>
            )}
            {reviewing.value && (
              <Dialog title="Apply these changes?" wide onClose={() => (reviewing.value = false)}>
                <Changes changes={changes} />
                <div class="actions end">
                  <Button onClick={() => (reviewing.value = false)}>Cancel</Button>
                  <Button kind="primary" onClick={() => apply(config)}>
                    Apply
                  </Button>
                </div>
              </Dialog>
            )}
          </>
        )
      }}
    </Shown>
  )
}

/** The gateway names a key from the params on; the form from the configuration on. */
const withoutPatch = ({ path, message }: Issue): Issue => ({ path: path.replace(/^patch\./, ''), message })

function toldOf(version: number, restart: string[], overridden: string[]): string {
  const told = [`Version ${version} is in effect.`]
  if (restart.length > 0) told.push(`At the next start: ${restart.join(', ')}.`)
  if (overridden.length > 0) told.push(`A flag or the environment says otherwise: ${overridden.join(', ')}.`)
  return told.join(' ')
}
