import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { ClientError } from '../../../client/index.ts'
import { useLoad } from '../lib/load.ts'
import { SchemaForm } from '../schema-form/schema-form.tsx'
import type { Schema } from '../schema-form/schema.ts'
import { GATEWAY } from '../state/place.ts'
import { client, fail, messageOf } from '../state/session.ts'
import { Button } from '../ui/button.tsx'
import { Copy } from '../ui/copy.tsx'
import { SearchInput, TextField } from '../ui/field.tsx'
import { Page } from '../ui/page.tsx'
import { Prose } from '../ui/prose.tsx'
import { Segments } from '../ui/segments.tsx'
import { Note, Shown } from '../ui/states.tsx'
import './console.css'

interface Method {
  name: string
  summary: string
  description?: string
  deprecated?: boolean
  params: { name: string; required: boolean; schema: Schema }[]
  'x-scope'?: string
}

async function discover(signal: AbortSignal): Promise<Method[]> {
  const { methods } = (await client().callAny('rpc.discover', {}, { signal })) as { methods: Method[] }
  return methods.filter((method) => !method.deprecated)
}

export default function ConsolePage() {
  const loaded = useLoad(discover, [])
  const query = useSignal('')
  const chosen = useSignal('system.ping')
  return (
    <Page
      title="API"
      about="Every JSON-RPC method there is, to be called from here."
      actions={
        <>
          <a class="button" href={new URL('docs', GATEWAY).href} target="_blank" rel="noopener">
            REST reference
          </a>
          <a class="button" href={new URL('openapi.json', GATEWAY).href} target="_blank" rel="noopener">
            OpenAPI
          </a>
        </>
      }
    >
      <Shown of={loaded}>
        {(methods) => {
          const words = query.value.toLowerCase()
          const found = methods.filter(({ name, summary }) => `${name} ${summary}`.toLowerCase().includes(words))
          const method = methods.find(({ name }) => name === chosen.value)
          return (
            <div class="console">
              <div class="console-list">
                <SearchInput label="Search methods" value={query.value} onInput={(value) => (query.value = value)} />
                <ul tabIndex={0} aria-label="Methods">
                  {found.map(({ name, summary }) => (
                    <li key={name}>
                      <button type="button" aria-pressed={name === chosen.value} onClick={() => (chosen.value = name)}>
                        <span class="mono">{name}</span>
                        <span class="muted tiny clip">{summary}</span>
                      </button>
                    </li>
                  ))}
                </ul>
              </div>
              {method && <Call key={method.name} method={method} />}
            </div>
          )
        }}
      </Shown>
    </Page>
  )
}

const VIEWS = [
  { value: 'form', label: 'Form' },
  { value: 'json', label: 'JSON' }
] as const

interface Outcome {
  ms: number
  result?: unknown
  error?: unknown
}

function Call({ method: { name, summary, description, params, ...method } }: { method: Method }) {
  const schema = useMemo(() => schemaOf(params), [params])
  const view = useSignal<'form' | 'json'>('form')
  const values = useSignal<unknown>({})
  const text = useSignal('{}')
  const wrong = useSignal('')
  const outcome = useSignal<Outcome | undefined>(undefined)

  function show(next: 'form' | 'json'): void {
    if (next === 'json') text.value = JSON.stringify(values.value, null, 2)
    view.value = next
  }

  function type(json: string): void {
    text.value = json
    try {
      values.value = JSON.parse(json)
      wrong.value = ''
    } catch (error) {
      wrong.value = messageOf(error)
    }
  }

  async function send(): Promise<void> {
    const begun = performance.now()
    const since = () => Math.round(performance.now() - begun)
    try {
      const result = await client().callAny(name, values.value as object)
      outcome.value = { ms: since(), result }
    } catch (error) {
      if (error instanceof ClientError && error.reason === 'unauthorized') return fail(error)
      outcome.value = { ms: since(), error }
    }
  }

  const issues = outcome.value?.error instanceof ClientError ? outcome.value.error.issues : []
  return (
    <section class="card console-call" aria-label={name}>
      <div class="card-head">
        <h2 class="mono">{name}</h2>
        {method['x-scope'] && <span class="badge">needs {method['x-scope']}</span>}
        {params.length > 0 && <Segments label="Params as" options={VIEWS} value={view.value} onChange={show} />}
      </div>
      <div class="card-body">
        <p>
          <Prose text={summary} />
        </p>
        {description && (
          <p class="muted small">
            <Prose text={description} />
          </p>
        )}
        {view.value === 'form' ? (
          <SchemaForm schema={schema} value={values.value} issues={issues} onChange={(next) => (values.value = next)} />
        ) : (
          <TextField label="Params" mono rows={10} value={text.value} problem={wrong.value} onInput={type} />
        )}
        <div class="actions">
          <Button kind="primary" icon="send" disabled={wrong.value !== ''} onClick={send}>
            Call
          </Button>
          {outcome.value && (
            <span class="muted small" role="status">
              {outcome.value.error === undefined ? 'Answered' : 'Failed'} after {outcome.value.ms} ms
            </span>
          )}
        </div>
        {outcome.value && <Answer outcome={outcome.value} />}
      </div>
    </section>
  )
}

const schemaOf = (params: Method['params']): Schema => ({
  type: 'object',
  properties: Object.fromEntries(params.map(({ name, schema }) => [name, schema])),
  required: params.filter((param) => param.required).map(({ name }) => name)
})

function Answer({ outcome: { result, error } }: { outcome: Outcome }) {
  if (error !== undefined) {
    return (
      <Note kind="bad">
        {messageOf(error)}
        {error instanceof ClientError && <span class="muted mono"> ({String(error.code ?? error.reason)})</span>}
      </Note>
    )
  }
  const text = JSON.stringify(result, null, 2)
  return (
    <div class="console-answer">
      <Copy text={text} label="Copy the result" />
      <pre class="json" tabIndex={0} aria-label="Result">
        {text}
      </pre>
    </div>
  )
}
