import type { Issue } from '../../../client/index.ts'
import { useSignal } from '@preact/signals'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Prose } from '../ui/prose.tsx'
import { ScalarField } from './scalar-field.tsx'
import { emptyOf, entryOf, kindOf, type Schema } from './schema.ts'
import './schema-form.css'

export interface SchemaFormProps {
  schema: Schema
  value: unknown
  onChange(value: unknown): void
  /** Where in the whole it stands, dotted; empty for all of it. */
  path?: string
  label?: string
  /** What is wrong, by path. */
  issues?: readonly Issue[]
  required?: boolean
  /** It can only be changed in the file: what stands above it says so. */
  fixed?: boolean
}

type Fields = Record<string, unknown>
const fieldsOf = (value: unknown) => (typeof value === 'object' && value !== null ? (value as Fields) : {})

/** What an entry of a list is called, where it has an id. */
function nameOf(item: unknown): string | undefined {
  const { id } = fieldsOf(item)
  return typeof id === 'string' ? id : undefined
}

/** A form for whatever a schema allows. What is left empty is left out, so that its default holds. */
export function SchemaForm(props: SchemaFormProps) {
  const kind = kindOf(props.schema)
  if (kind === 'object') return <ObjectForm {...props} />
  if (kind === 'record') return <RecordForm {...props} />
  if (kind === 'list') return <ListForm {...props} />
  return <ScalarField {...props} kind={kind} />
}

const About = ({ schema: { description } }: { schema: Schema }) =>
  description ? (
    <p class="muted small">
      <Prose text={description} />
    </p>
  ) : null

const LEAVES = new Set(['enum', 'boolean', 'number', 'text', 'secret'])

function ObjectForm({
  schema,
  value,
  onChange,
  path = '',
  label,
  issues,
  fixed = schema['x-file-only']
}: SchemaFormProps) {
  const fields = fieldsOf(value)
  const entries = Object.entries(schema.properties ?? {})
  const set = (key: string, next: unknown) => onChange(withKey(fields, key, next))
  const form = ([key, inner]: [string, Schema]) => (
    <SchemaForm
      key={key}
      schema={inner}
      value={fields[key]}
      onChange={(next) => set(key, next)}
      path={path ? `${path}.${key}` : key}
      label={key}
      issues={issues}
      required={schema.required?.includes(key) && inner.default === undefined}
      fixed={fixed || inner['x-file-only']}
    />
  )
  const small = entries.filter(([, inner]) => LEAVES.has(kindOf(inner)))
  const large = entries.filter(([, inner]) => !LEAVES.has(kindOf(inner)))
  const body = (
    <>
      {small.length > 0 && <div class="schema-grid">{small.map(form)}</div>}
      {large.map(form)}
    </>
  )
  if (!label) return <div class="schema-object">{body}</div>
  return (
    <fieldset class="schema-object">
      <legend>{label}</legend>
      <About schema={schema} />
      {body}
    </fieldset>
  )
}

function withKey(fields: Fields, key: string, value: unknown): Fields {
  const { [key]: _before, ...rest } = fields
  // In its place, so that what is compared is not only moved.
  if (value === undefined) return rest
  return key in fields ? { ...fields, [key]: value } : { ...rest, [key]: value }
}

function RecordForm({ schema, value, onChange, path = '', label, issues, fixed }: SchemaFormProps) {
  const fields = fieldsOf(value)
  const name = useSignal('')
  const entry = entryOf(schema)
  return (
    <fieldset class="schema-object">
      {label && <legend>{label}</legend>}
      <About schema={schema} />
      {Object.keys(fields).map((key) => (
        <details class="schema-entry" key={key}>
          <summary>
            <span class="mono">{key}</span>
          </summary>
          <SchemaForm
            schema={entry}
            value={fields[key]}
            onChange={(next) => onChange({ ...fields, [key]: next })}
            path={path ? `${path}.${key}` : key}
            issues={issues}
            fixed={fixed}
          />
          <Button icon="trash" slim danger disabled={fixed} onClick={() => onChange(withKey(fields, key, undefined))}>
            Remove {key}
          </Button>
        </details>
      ))}
      <div class="schema-add">
        <TextField label={`New id in ${label ?? path}`} value={name.value} onInput={(text) => (name.value = text)} />
        <Button
          icon="plus"
          disabled={fixed || !name.value || name.value in fields}
          onClick={() => {
            onChange({ ...fields, [name.value]: emptyOf(entry) })
            name.value = ''
          }}
        >
          Add
        </Button>
      </div>
    </fieldset>
  )
}

function ListForm({ schema, value, onChange, path = '', label, issues, fixed }: SchemaFormProps) {
  const items = Array.isArray(value) ? (value as unknown[]) : []
  const inner = schema.items ?? {}
  return (
    <fieldset class="schema-object">
      {label && <legend>{label}</legend>}
      <About schema={schema} />
      {items.map((item, index) => (
        <details class="schema-entry" key={index}>
          <summary>
            <span class="mono">{nameOf(item) ?? index + 1}</span>
          </summary>
          <SchemaForm
            schema={inner}
            value={item}
            onChange={(next) => onChange(items.with(index, next))}
            path={`${path}.${index}`}
            issues={issues}
            fixed={fixed}
          />
          <Button icon="trash" slim danger disabled={fixed} onClick={() => onChange(items.toSpliced(index, 1))}>
            Remove
          </Button>
        </details>
      ))}
      <div class="actions">
        <Button icon="plus" slim disabled={fixed} onClick={() => onChange([...items, emptyOf(inner)])}>
          Add to {label ?? path}
        </Button>
      </div>
    </fieldset>
  )
}
