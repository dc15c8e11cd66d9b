import { computed, useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { PAGES, type PageEntry } from '../pages/registry.ts'
import { go, place } from '../state/router.ts'
import { may, messageOf } from '../state/session.ts'
import { Link } from '../ui/link.tsx'
import { Page } from '../ui/page.tsx'
import { Empty, Failure, Loading } from '../ui/states.tsx'

/** The page that the address names; undefined where there is none of the name. */
export const pageNow = computed(() => PAGES.find((page) => page.name === place.value.page))

/** Shows the page of the address, or says why it is not shown. */
export function Screen() {
  const page = pageNow.value
  const { page: name } = place.value
  const first = PAGES.find((one) => may(one.scope))

  useEffect(() => {
    if (name === '' && first) go(first.name, {}, { replace: true })
  }, [name])

  if (name === '') return <Loading />
  if (!page) return <Missing name={name} />
  if (!may(page.scope)) return <Refused page={page} />
  return <Opened key={page.name} page={page} />
}

const loaded = new Map<string, ComponentType>()

function Opened({ page }: { page: PageEntry }) {
  const error = useSignal<unknown>(undefined)
  const content = useSignal(loaded.get(page.name))

  useEffect(() => {
    if (loaded.has(page.name)) return
    page.load().then(
      (module) => {
        loaded.set(page.name, module.default)
        content.value = module.default
      },
      (failure: unknown) => (error.value = failure)
    )
  }, [])
  const Content = content.value
  useFocusOnArrival(page.title, Content !== undefined)

  if (error.value !== undefined) {
    const text = `This page could not be loaded (${messageOf(error.value)}). The gateway may have been updated.`
    return (
      <Page title={page.title}>
        <Failure error={new Error(text)} onRetry={() => location.reload()} />
      </Page>
    )
  }
  return Content ? <Content /> : <Loading />
}

let arrived = false

/** Whoever goes to another page is put at its heading, and screen readers tell it; not so where the dashboard opens. */
function useFocusOnArrival(title: string, ready: boolean): void {
  const done = useRef(false)
  useEffect(() => {
    document.title = `${title} · comis-gateway`
    if (!ready || done.current) return
    done.current = true
    if (arrived) document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
    arrived = true
  }, [ready])
}

const Missing = ({ name }: { name: string }) => (
  <Page title="There is no such page">
    <Empty icon="search" title={`There is no page “${name}”`}>
      <p>
        <Link page="">Go to the first page</Link>
      </p>
    </Empty>
  </Page>
)

const Refused = ({ page }: { page: PageEntry }) => (
  <Page title={page.title}>
    <Empty icon="lock" title="Your token does not open this page">
      <p>
        {page.title} needs a token with the scope “{page.scope}”. Ask whoever runs the gateway for one, or{' '}
        <Link page="">go on with what you may see</Link>.
      </p>
    </Empty>
  </Page>
)
