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
  { name: 'live', title: 'Live', icon: 'live', group: 'Work', scope: 'rpc', load: () => import('./live/page.tsx') },
  { name: 'memory', title: 'Memory', icon: 'memory', group: 'Work', scope: 'rpc', load: () => import('./memory.tsx') },
  {
    name: 'usage',
    title: 'Usage',
    icon: 'usage',
    group: 'Work',
    scope: 'admin',
    load: () => import('./usage/page.tsx')
  },
  {
    name: 'agents',
    title: 'Agents',
    icon: 'agents',
    group: 'Manage',
    scope: 'rpc',
    load: () => import('./agents/page.tsx')
  },
  {
    name: 'channels',
    title: 'Channels',
    icon: 'channels',
    group: 'Manage',
    scope: 'admin',
    load: () => import('./channels.tsx')
  },
  {
    name: 'webhooks',
    title: 'Webhooks',
    icon: 'webhooks',
    group: 'Manage',
    scope: 'admin',
    load: () => import('./webhooks/page.tsx')
  },
  {
    name: 'tokens',
    title: 'Tokens',
    icon: 'tokens',
    group: 'Gateway',
    scope: 'admin',
    load: () => import('./tokens.tsx')
  },
  {
    name: 'settings',
    title: 'Settings',
    icon: 'settings',
    group: 'Gateway',
    scope: 'admin',
    load: () => import('./settings/page.tsx')
  },
  { name: 'api', title: 'API', icon: 'api', group: 'Gateway', scope: 'rpc', load: () => import('./console.tsx') }
]
