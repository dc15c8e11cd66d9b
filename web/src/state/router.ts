import { signal } from '@preact/signals'
import { BASE } from './place.ts'

export interface Place {
  /** The page's name: what stands below the dashboard's address. Empty at the address itself. */
  page: string
  params: URLSearchParams
}

/** Where we are. Pages are one level deep, and what they show is in the query: relative addresses stay right. */
export const place = signal<Place>(read())

export type Params = Record<string, string | undefined>

/** The address of a page. */
export function addressOf(page: string, params: Params = {}): string {
  const url = new URL(page, BASE)
  for (const [key, value] of Object.entries(params)) if (value) url.searchParams.set(key, value)
  return url.href
}

/** Goes to a page. `replace` takes the place of the present entry of the history. */
export function go(page: string, params: Params = {}, { replace = false } = {}): void {
  const address = addressOf(page, params)
  if (address === location.href) return
  history[replace ? 'replaceState' : 'pushState'](null, '', address)
  place.value = read()
}

window.addEventListener('popstate', () => (place.value = read()))

function read(): Place {
  const { pathname, searchParams } = new URL(location.href)
  return { page: decodeURIComponent(pathname.slice(BASE.pathname.length)), params: searchParams }
}
