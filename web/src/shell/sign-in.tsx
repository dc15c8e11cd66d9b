import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { BASE } from '../state/place.ts'
import { refusal, signIn } from '../state/session.ts'
import { Field } from '../ui/field.tsx'

export function SignIn() {
  const token = useSignal('')
  const busy = useSignal(false)
  const input = useRef<HTMLInputElement>(null)

  useEffect(() => {
    document.title = 'Sign in · comis-gateway'
    input.current?.focus()
  }, [])

  async function submit(event: Event): Promise<void> {
    event.preventDefault()
    busy.value = true
    await signIn(token.value.trim())
    busy.value = false
    input.current?.focus()
  }

  return (
    <main class="sign-in">
      <div>
        <img src={new URL('favicon.svg', BASE).href} alt="" />
        <div>
          <h1>Sign in to comis-gateway</h1>
          <p class="muted">
            With a token of this gateway. The first one was printed, with an address that signs in by itself, when the
            gateway was started for the first time.
          </p>
        </div>
        <form class="form" onSubmit={(event) => void submit(event)}>
          <input autocomplete="username" value="comis-gateway" readOnly hidden />
          <Field label="Token" problem={refusal.value}>
            {(props) => (
              <input
                {...props}
                ref={input}
                class="input"
                type="password"
                autocomplete="current-password"
                required
                value={token.value}
                onInput={(event) => (token.value = event.currentTarget.value)}
              />
            )}
          </Field>
          <button class="button primary" disabled={busy.value}>
            {busy.value ? 'Signing in…' : 'Sign in'}
          </button>
        </form>
        <p class="muted small">The token is kept in this tab, until it is closed.</p>
      </div>
    </main>
  )
}
