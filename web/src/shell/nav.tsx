import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { PAGES, type PageEntry } from '../pages/registry.ts'
import { BASE } from '../state/place.ts'
import { connection, may, session, signOut } from '../state/session.ts'
import { type Theme, theme, THEMES } from '../state/theme.ts'
import { Button } from '../ui/button.tsx'
import { Icon, type IconName } from '../ui/icon.tsx'
import { Link } from '../ui/link.tsx'
import { pageNow } from './screen.tsx'

const open = signal(false)

/** The way between pages: at the side, or on narrow screens behind a button. */
export const Nav = () => (
  <>
    <header class="top">
      <Button icon="menu" label="Navigation" kind="quiet" expanded={open.value} onClick={() => (open.value = true)} />
      <Brand />
    </header>
    <header class="side">
      <Side />
    </header>
    {open.value && <Drawer />}
  </>
)

function Drawer() {
  const ref = useRef<HTMLDialogElement>(null)
  const close = () => void (open.value = false)
  useEffect(() => ref.current?.showModal(), [])
  return (
    <dialog
      ref={ref}
      class="drawer"
      aria-label="Navigation"
      onClose={close}
      onClick={(event) => event.target === ref.current && close()}
    >
      <div class="side">
        <Side onFollow={close} />
      </div>
    </dialog>
  )
}

const Brand = () => (
  <div class="brand">
    <img src={new URL('favicon.svg', BASE).href} alt="" />
    comis-gateway
  </div>
)

function Side({ onFollow }: { onFollow?(): void }) {
  const pages = PAGES.filter((page) => may(page.scope))
  const groups = [...new Set(pages.map((page) => page.group))]
  return (
    <>
      <Brand />
      <nav class="nav" aria-label="Pages">
        {groups.map((group) => (
          <section key={group}>
            <h2>{group}</h2>
            <ul>
              {pages
                .filter((page) => page.group === group)
                .map((page) => (
                  <Entry key={page.name} page={page} onFollow={onFollow} />
                ))}
            </ul>
          </section>
        ))}
      </nav>
      <Foot />
    </>
  )
}

const Entry = ({ page: { name, title, icon }, onFollow }: { page: PageEntry; onFollow?(): void }) => (
  <li>
    <Link page={name} current={pageNow.value?.name === name} onFollow={onFollow}>
      <Icon name={icon} />
      {title}
    </Link>
  </li>
)

const CONNECTION = {
  idle: ['', 'Not connected'],
  connecting: ['warn', 'Connecting…'],
  open: ['ok', 'Connected'],
  waiting: ['warn', 'Connecting again…'],
  unauthorized: ['bad', 'Refused'],
  closed: ['', 'Closed']
} as const

function Foot() {
  const signedIn = session.value
  if (!signedIn || signedIn === 'pending') return null
  const [kind, text] = CONNECTION[connection.value]
  const scopes = signedIn.scopes.includes('*') ? 'all scopes' : signedIn.scopes.join(', ')
  return (
    <div class="side-foot">
      <div class="connection">
        <span class={`dot ${kind}`} />
        {text}
      </div>
      <div class="actions">
        <div class="who">
          <strong class="clip" title={signedIn.clientId}>
            {signedIn.clientId}
          </strong>
          <span class="muted tiny clip">
            {scopes} · v{signedIn.version}
          </span>
        </div>
        <ThemeSwitch />
        <Button icon="leave" label="Sign out" kind="quiet" slim onClick={() => signOut()} />
      </div>
    </div>
  )
}

const THEME_ICONS: Record<Theme, IconName> = { system: 'system', light: 'sun', dark: 'moon' }

function ThemeSwitch() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system'
  const label = `Theme: ${theme.value}. Change to ${next}`
  return (
    <Button icon={THEME_ICONS[theme.value]} label={label} kind="quiet" slim onClick={() => void (theme.value = next)} />
  )
}
