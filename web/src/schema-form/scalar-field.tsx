import { useSignal } from '@preact/signals'
import { Field } from '../ui/field.tsx'
import { Prose } from '../ui/prose.tsx'
import type { Kind, Schema } from './schema.ts'
import type { SchemaFormProps } from './schema-form.tsx'

export interface ScalarFieldProps extends SchemaFormProps {
  kind: Kind
}

/** A value that is edited in one control. */
export function ScalarField(props: ScalarFieldProps) {
  const { schema, path = '', label = path, issues = [], required, fixed } = props
  const problem = issues.find((issue) => issue.path === path)?.message
  const heading = (
    <>
      <span class="mono">{label}</span> <Marks schema={schema} fixed={fixed} required={required} />
    </>
  )
  const hint = hintOf(schema)
  return (
    <Field label={heading} hint={hint && <Prose text={hint} />} problem={problem}>
      {(attributes) => <Control {...props} attributes={{ ...attributes, disabled: fixed }} />}
    </Field>
  )
}

function Marks({ schema, fixed, required }: { schema: Schema; fixed?: boolean; required?: boolean }) {
  return (
    <>
      {required && <span class="badge">required</span>}
      {fixed && <span class="badge">only in the file</span>}
      {!fixed && schema['x-restart'] && <span class="badge warn">at the next start</span>}
    </>
  )
}

function hintOf({ description = '', default: usual }: Schema): string {
  const told = toOption(usual) && `Default: ${toOption(usual)}.`
  return [description && `${description[0]?.toUpperCase()}${description.slice(1)}.`, told].filter(Boolean).join(' ')
}

interface ControlProps extends ScalarFieldProps {
  attributes: { id: string; disabled?: boolean }
}

function Control(props: ControlProps) {
  const { kind, schema, value, onChange, attributes } = props
  const text = (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value || undefined)
  switch (kind) {
    case 'boolean':
      return <Choice {...props} options={['true', 'false']} toValue={(one) => one === 'true'} />
    case 'enum':
      return <Choice {...props} options={(schema.enum ?? []).map(String)} toValue={(one) => one} />
    case 'choices':
      return <Choices {...props} />
    case 'number':
      return (
        <input
          {...attributes}
          class="input"
          type="number"
          step={schema.type === 'integer' ? 1 : 'any'}
          min={schema.minimum}
          max={schema.maximum}
          value={value === undefined ? '' : Number(value)}
          onInput={({ currentTarget }) =>
            onChange(currentTarget.value === '' ? undefined : currentTarget.valueAsNumber)
          }
        />
      )
    case 'lines':
      return <Lines {...props} />
    case 'json':
    case 'secret':
      return typeof value === 'object' || kind === 'json' ? (
        <JsonControl {...props} />
      ) : (
        <input {...attributes} class="input" autocomplete="off" value={asText(value)} onInput={text} />
      )
    default:
      return isLong(schema, value) ? (
        <textarea {...attributes} class="textarea" rows={4} value={asText(value)} onInput={text} />
      ) : (
        <input {...attributes} class="input" value={asText(value)} onInput={text} />
      )
  }
}

const asText = (value: unknown) => (typeof value === 'string' ? value : '')
const isLong = (schema: Schema, value: unknown) =>
  asText(value).length > 80 || /prompt|template/i.test(schema.description ?? '')

/** A value as the text of a choice; empty where it is none that can be chosen. */
const toOption = (value: unknown) =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''

interface ChoiceProps extends ControlProps {
  options: string[]
  toValue(option: string): unknown
}

/** Nothing chosen is a choice of its own: the default. */
const Choice = ({ value, onChange, attributes, options, toValue, schema }: ChoiceProps) => (
  <select
    {...attributes}
    class="select"
    value={toOption(value)}
    onChange={({ currentTarget }) => onChange(currentTarget.value ? toValue(currentTarget.value) : undefined)}
  >
    <option value="">{schema.default === undefined ? '—' : `Default (${toOption(schema.default)})`}</option>
    {options.map((option) => (
      <option key={option} value={option}>
        {option}
      </option>
    ))}
  </select>
)

function Choices({ schema, value, onChange, attributes }: ControlProps) {
  const chosen = Array.isArray(value) ? (value as unknown[]) : []
  return (
    <div class="actions" id={attributes.id} role="group">
      {(schema.items?.enum ?? []).map((option) => (
        <label class="check" key={String(option)}>
          <input
            type="checkbox"
            disabled={attributes.disabled}
            checked={chosen.includes(option)}
            onChange={({ currentTarget }) =>
              onChange(currentTarget.checked ? [...chosen, option] : chosen.filter((one) => one !== option))
            }
          />
          <span class="mono">{String(option)}</span>
        </label>
      ))}
    </div>
  )
}

/** A list of texts, one a line. An empty line while one types is none of them. */
function Lines({ value, onChange, attributes }: ControlProps) {
  const items = Array.isArray(value) ? (value as string[]) : []
  const typed = useSignal(items.join('\n'))
  const shown = linesOf(typed.value).join('\n') === items.join('\n') ? typed.value : items.join('\n')
  return (
    <textarea
      {...attributes}
      class="textarea mono"
      rows={Math.min(8, Math.max(2, items.length + 1))}
      placeholder="One a line"
      value={shown}
      onInput={({ currentTarget }) => {
        typed.value = currentTarget.value
        onChange(linesOf(currentTarget.value))
      }}
    />
  )
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

/** What has no form is written as JSON; while it is none, nothing is changed. */
function JsonControl({ value, onChange, attributes }: ControlProps) {
  const written = value === undefined ? '' : JSON.stringify(value, null, 2)
  const typed = useSignal<string | undefined>(undefined)
  const wrong = useSignal(false)
  return (
    <textarea
      {...attributes}
      class="textarea mono"
      aria-invalid={wrong.value}
      rows={Math.min(12, Math.max(2, written.split('\n').length))}
      placeholder="JSON"
      value={typed.value ?? written}
      onInput={({ currentTarget }) => {
        typed.value = currentTarget.value
        try {
          const next: unknown = currentTarget.value.trim() ? JSON.parse(currentTarget.value) : undefined
          wrong.value = false
          onChange(next)
        } catch {
          wrong.value = true
        }
      }}
      onBlur={() => {
        if (!wrong.value) typed.value = undefined
      }}
    />
  )
}
