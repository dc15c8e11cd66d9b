import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { Button } from './button.tsx'

export interface DialogProps {
  title: string
  wide?: boolean
  children: ComponentChildren
  onClose(): void
}

/** A modal dialog: the browser keeps the focus inside, closes it at Escape and gives the focus back. */
export function Dialog({ title, wide, children, onClose }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  // Before the page is painted, and when it is closed before it is gone: the focus is never nowhere.
  useLayoutEffect(() => {
    const before = document.activeElement
    const dialog = ref.current
    dialog?.showModal()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          <Button icon="close" label="Close" kind="quiet" slim onClick={onClose} />
        </div>
        {children}
      </div>
    </dialog>
  )
}

interface Question {
  title: string
  text: string
  action: string
  danger?: boolean
}

const asked = signal<(Question & { answer(yes: boolean): void }) | undefined>(undefined)

/** Asks before something is done that cannot be taken back. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false)
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer(yes) {
        asked.value = undefined
        resolve(yes)
      }
    }
  })
}

/** Where questions of `confirm` are shown. */
export function Confirmation() {
  const question = asked.value
  if (!question) return null
  const { title, text, action, danger, answer } = question
  return (
    <Dialog title={title} onClose={() => answer(false)}>
      <p>{text}</p>
      <div class="actions end">
        <Button onClick={() => answer(false)}>Cancel</Button>
        <Button kind="primary" danger={danger} onClick={() => answer(true)}>
          {action}
        </Button>
      </div>
    </Dialog>
  )
}
