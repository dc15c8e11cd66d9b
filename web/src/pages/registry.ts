import type { ComponentType } from 'preact'
import type { IconName } from '../ui/icon.tsx'

export interface PageEntry {
  /** What stands in the address. */
  name: string
  title: string
  icon: IconName
  group: string
  /** The scope that a token needs to see it. */
  scope: 'rpc' | 'admin'
  load(): Promise<{ default: ComponentType }>
}

/** Every page, in the order of the navigation. A page is a folder or a file of its own, loaded when it is opened. */
export const PAGES: readonly PageEntry[] = [
  { name: 'chat', title: 'Chat', icon: 'chat', group: 'Work', scope: 'rpc', load: () => import('./chat/page.tsx') },
  { name: 'live', title: 'Live', icon: 'live', group: 'Work', scope: 'rpc', load: () => import('./live/page.tsx') }
]
