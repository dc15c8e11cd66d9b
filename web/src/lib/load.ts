import { useSignal } from '@preact/signals'
import { useCallback, useEffect } from 'preact/hooks'
import { ClientError } from '../../../client/index.ts'
import { fail } from '../state/session.ts'

export interface Loaded<T> {
  data: T | undefined
  error: unknown
  loading: boolean
  /** Loads again; what is shown stays until it is there. */
  reload(): void
}

/** What a component shows once it was asked for. It is asked again when one of the inputs changes, and given up with it. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, inputs: readonly unknown[]): Loaded<T> {
  const state = useSignal<{ data?: T; error?: unknown; loading: boolean }>({ loading: true })
  const round = useSignal(0)

  useEffect(() => {
    const stop = new AbortController()
    state.value = { ...state.peek(), error: undefined, loading: true }
    load(stop.signal).then(
      (data) => {
        if (!stop.signal.aborted) state.value = { data, loading: false }
      },
      (error: unknown) => {
        if (stop.signal.aborted) return
        if (error instanceof ClientError && error.reason === 'unauthorized') return fail(error)
        state.value = { ...state.peek(), error, loading: false }
      }
    )
    return () => stop.abort()
  }, [...inputs, round.value])

  const reload = useCallback(() => void round.value++, [])
  return { data: state.value.data, error: state.value.error, loading: state.value.loading, reload }
}
