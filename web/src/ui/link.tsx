import type { ComponentChildren } from 'preact'
import { addressOf, go, type Params } from '../state/router.ts'

export interface LinkProps {
  page: string
  params?: Params
  class?: string
  current?: boolean
  children: ComponentChildren
  onFollow?(): void
}

/** A link to another page of the dashboard. A click with a modifier opens it as the browser does. */
export function Link({ page, params, class: className, current, children, onFollow }: LinkProps) {
  function follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    onFollow?.()
    go(page, params)
  }
  return (
    <a href={addressOf(page, params)} class={className} aria-current={current ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  )
}
