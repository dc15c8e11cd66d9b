import { computed, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Nav } from './shell/nav.tsx'
import { Screen } from './shell/screen.tsx'
import { SignIn } from './shell/sign-in.tsx'
import { connection, session } from './state/session.ts'
import { Confirmation } from './ui/dialog.tsx'
import { Loading } from './ui/states.tsx'
import { Toasts } from './ui/toasts.tsx'

export function App() {
  const signedIn = session.value
  return (
    <>
      {signedIn === 'pending' && <Loading />}
      {signedIn === undefined && <SignIn />}
      {signedIn !== undefined && signedIn !== 'pending' && <Shell />}
      <Confirmation />
      <Toasts />
    </>
  )
}

const Shell = () => (
  <div class="shell">
    <a class="skip" href="#main">
      Skip to the page
    </a>
    <Nav />
    <main class="main" id="main" tabIndex={-1}>
      <ConnectionBanner />
      <Screen />
    </main>
  </div>
)

/** A short break is nobody's concern: it is told when it lasts. */
const lasting = signal(false)
const broken = computed(() => connection.value === 'waiting' || (lasting.value && connection.value === 'connecting'))

function ConnectionBanner() {
  const isBroken = broken.value
  useEffect(() => {
    if (!isBroken) return void (lasting.value = false)
    const timer = setTimeout(() => (lasting.value = true), 1500)
    return () => clearTimeout(timer)
  }, [isBroken])
  return (
    <div role="status">
      {isBroken && lasting.value && <div class="banner">The connection to the gateway is lost. Trying again…</div>}
    </div>
  )
}
