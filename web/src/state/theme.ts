import { effect, signal } from '@preact/signals'
import { browserStorage } from './place.ts'

export type Theme = 'system' | 'light' | 'dark'
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']

const kept = browserStorage.get('theme')

/** How it looks: as the system does, unless someone chose. */
export const theme = signal<Theme>(kept === 'light' || kept === 'dark' ? kept : 'system')

effect(() => {
  const chosen = theme.value === 'system' ? undefined : theme.value
  browserStorage.set('theme', chosen)
  if (chosen) document.documentElement.dataset.theme = chosen
  else delete document.documentElement.dataset.theme
})
