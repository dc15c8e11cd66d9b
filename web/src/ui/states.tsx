import type { ComponentChildren } from 'preact'
import type { Loaded } from '../lib/load.ts'
import { messageOf } from '../state/session.ts'
import { Button } from './button.tsx'
import { Icon, type IconName } from './icon.tsx'

export interface EmptyProps {
  icon: IconName
  title: string
  children?: ComponentChildren
}

/** There is nothing yet: what would be here, and how it comes. */
export const Empty = ({ icon, title, children }: EmptyProps) => (
  <div class="empty">
    <Icon name={icon} />
    <h2>{title}</h2>
    {children}
  </div>
)

/** Something could not be loaded, with the way to try it again. */
export const Failure = ({ error, onRetry }: { error: unknown; onRetry?(): void }) => (
  <div class="note bad" role="alert">
    <Icon name="alert" />
    <div class="break">{messageOf(error)}</div>
    {onRetry && (
      <Button slim onClick={onRetry}>
        Try again
      </Button>
    )}
  </div>
)

export const Loading = () => (
  <div class="loading" role="status" aria-label="Loading">
    <div class="spinner" />
  </div>
)

export interface NoteProps {
  kind?: 'warn' | 'bad'
  children: ComponentChildren
}

export const Note = ({ kind, children }: NoteProps) => (
  <div class={kind ? `note ${kind}` : 'note'}>
    <Icon name={kind ? 'alert' : 'info'} />
    <div>{children}</div>
  </div>
)

/** What was loaded, or why it is not there. What is shown stays while it is loaded again. */
export function Shown<T>({ of, children }: { of: Loaded<T>; children: (data: T) => ComponentChildren }) {
  return (
    <>
      {of.error !== undefined && <Failure error={of.error} onRetry={of.reload} />}
      {of.data === undefined && of.error === undefined && <Loading />}
      {of.data !== undefined && children(of.data)}
    </>
  )
}
