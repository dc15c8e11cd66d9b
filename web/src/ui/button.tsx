import type { ComponentChildren } from 'preact'
import { useSignal } from '@preact/signals'
import { fail } from '../state/session.ts'
import { Icon, type IconName } from './icon.tsx'

export interface ButtonProps {
  children?: ComponentChildren
  icon?: IconName
  /** What it does, where it shows only its icon. */
  label?: string
  kind?: 'primary' | 'quiet'
  danger?: boolean
  slim?: boolean
  type?: 'button' | 'submit'
  disabled?: boolean
  class?: string
  pressed?: boolean
  expanded?: boolean
  /** While a promise is pending the button is busy; what it rejects with is told. */
  onClick?(event: MouseEvent): unknown
}

/** A button. What it starts it cannot start again until that is done. */
export function Button({ icon, label, kind, danger, slim, type = 'button', disabled, onClick, ...rest }: ButtonProps) {
  const busy = useSignal(false)
  const { children, class: more, pressed, expanded } = rest
  const square = icon && !children

  async function press(event: MouseEvent): Promise<void> {
    const done = onClick?.(event)
    if (!(done instanceof Promise)) return
    busy.value = true
    try {
      await done
    } catch (error) {
      fail(error)
    } finally {
      busy.value = false
    }
  }

  const classes = ['button', kind, danger && 'danger', slim && 'slim', square && 'square', more].filter(Boolean)
  return (
    <button
      type={type}
      class={classes.join(' ')}
      aria-label={label}
      title={square ? label : undefined}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-busy={busy.value || undefined}
      disabled={disabled || busy.value}
      onClick={(event) => void press(event)}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  )
}
