import { useSignal } from '@preact/signals'
import type { Change } from '../../lib/merge-patch.ts'
import { useLoad } from '../../lib/load.ts'
import { call } from '../../state/session.ts'
import { toast } from '../../state/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { confirm, Dialog } from '../../ui/dialog.tsx'
import { Empty, Shown } from '../../ui/states.tsx'
import { Ago } from '../../ui/time.tsx'
import { Changes } from './changes.tsx'

/** The configurations there were, and the way back to them. */
export function History() {
  const loaded = useLoad((signal) => call('config.history', { limit: 100 }, signal), [])
  const compared = useSignal<number | undefined>(undefined)

  async function rollback(version: number): Promise<void> {
    const text = `What was changed at run time up to version ${version} holds again. That makes a new version, so that it can be taken back.`
    if (!(await confirm({ title: `Go back to version ${version}?`, text, action: 'Go back' }))) return
    const { version: now } = await call('config.rollback', { version })
    toast(`Version ${now} is in effect`)
    loaded.reload()
  }

  return (
    <Shown of={loaded}>
      {({ versions }) =>
        versions.length === 0 ? (
          <Empty icon="history" title="There is no history yet">
            <p>Each change of the configuration is kept here, with the way back.</p>
          </Empty>
        ) : (
          <div class="card table-scroll">
            <table class="table">
              <thead>
                <tr>
                  <th scope="col">Version</th>
                  <th scope="col">When</th>
                  <th scope="col">By</th>
                  <th scope="col">Keys</th>
                  <th scope="col">
                    <span class="unseen">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {versions.map(({ version, at, source, clientId, paths }, index) => (
                  <tr key={version}>
                    <td>
                      {version} {index === 0 && <span class="badge ok">now</span>}
                    </td>
                    <td>
                      <Ago at={at} />
                    </td>
                    <td>
                      <span class="badge">{source}</span> {clientId}
                    </td>
                    <td class="mono break">{paths.slice(0, 6).join(', ')}</td>
                    <td>
                      {index > 0 && (
                        <div class="actions end">
                          <Button slim onClick={() => void (compared.value = version)}>
                            Compare
                          </Button>
                          <Button slim onClick={() => rollback(version)}>
                            Go back
                          </Button>
                        </div>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            {compared.value !== undefined && (
              <Comparison from={compared.value} onClose={() => (compared.value = undefined)} />
            )}
          </div>
        )
      }
    </Shown>
  )
}

function Comparison({ from, onClose }: { from: number; onClose(): void }) {
  const loaded = useLoad((signal) => call('config.diff', { from }, signal), [from])
  return (
    <Dialog title={`Version ${from} and now`} wide onClose={onClose}>
      <Shown of={loaded}>
        {({ changes }) =>
          changes.length === 0 ? <p>They are the same.</p> : <Changes changes={changes as Change[]} />
        }
      </Shown>
    </Dialog>
  )
}
