import type { ComponentChildren, InputHTMLAttributes } from 'preact'
import { useId } from 'preact/hooks'
import { Icon } from './icon.tsx'

/** Of an input of any type: JSX has a type of its own for each. */
type Attributes = InputHTMLAttributes

export interface ControlProps {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': boolean | undefined
}

export interface FieldProps {
  label: ComponentChildren
  hint?: ComponentChildren
  /** What is wrong with the value. */
  problem?: string
  /** The control, with the attributes that tie it to its label. */
  children: (props: ControlProps) => ComponentChildren
}

/** A control with its label, a hint and what is wrong with it. */
export function Field({ label, hint, problem, children }: FieldProps) {
  const id = useId()
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label class="label" for={id}>
        {label}
      </label>
      {children({ id, 'aria-describedby': described || undefined, 'aria-invalid': problem ? true : undefined })}
      {hint && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {problem && (
        <span class="problem" id={`${id}-problem`} role="alert">
          {problem}
        </span>
      )}
    </div>
  )
}

export interface TextFieldProps extends Omit<FieldProps, 'children'> {
  value: string
  onInput(value: string): void
  type?: 'text' | 'password' | 'number' | 'datetime-local' | 'url'
  placeholder?: string
  required?: boolean
  rows?: number
  mono?: boolean
  autocomplete?: string
  list?: string
  step?: string
  min?: string
  max?: string
}

export function TextField({ label, hint, problem, value, onInput, rows, mono, type, ...rest }: TextFieldProps) {
  const input = (event: { currentTarget: { value: string } }) => onInput(event.currentTarget.value)
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(props) =>
        rows ? (
          <textarea
            {...props}
            class={mono ? 'textarea mono' : 'textarea'}
            rows={rows}
            value={value}
            onInput={input}
            placeholder={rest.placeholder}
            required={rest.required}
            spellcheck={!mono}
          />
        ) : (
          <input {...({ ...props, ...rest, type, class: 'input', value, onInput: input } as Attributes)} />
        )
      }
    </Field>
  )
}

export interface SelectFieldProps extends Omit<FieldProps, 'children'> {
  value: string
  options: readonly { value: string; label: string; disabled?: boolean }[]
  onChange(value: string): void
}

export function SelectField({ label, hint, problem, value, options, onChange }: SelectFieldProps) {
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(props) => (
        <select {...props} class="select" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

export interface CheckProps {
  label: ComponentChildren
  checked: boolean
  disabled?: boolean
  onChange(checked: boolean): void
}

export const Check = ({ label, checked, disabled, onChange }: CheckProps) => (
  <label class="check">
    <input
      type="checkbox"
      checked={checked}
      disabled={disabled}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
    <span>{label}</span>
  </label>
)

export interface SearchProps {
  label: string
  value: string
  onInput(value: string): void
  placeholder?: string
}

export const SearchInput = ({ label, value, onInput, placeholder = label }: SearchProps) => (
  <div class="search">
    <Icon name="search" />
    <input
      class="input"
      type="search"
      aria-label={label}
      placeholder={placeholder}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  </div>
)
