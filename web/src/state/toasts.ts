import { signal } from '@preact/signals'

export interface Toast {
  id: number
  text: string
  kind: 'ok' | 'bad'
}

const SHOWN_MS = 6000
const MOST = 4
let made = 0

export const toasts = signal<readonly Toast[]>([])

/** Tells something for a moment, by screen readers too. What failed stays until it is closed. */
export function toast(text: string, kind: Toast['kind'] = 'ok'): void {
  const id = ++made
  toasts.value = [...toasts.value.slice(1 - MOST), { id, text, kind }]
  if (kind === 'ok') setTimeout(() => dismiss(id), SHOWN_MS)
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}
