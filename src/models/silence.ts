/** A signal that also fires when nothing was heard for too long. Dispose of it when the work is done. */
export interface SilenceWatch extends Disposable {
  readonly signal: AbortSignal
  /** Something was heard: the time starts again. */
  heard(): void
}

/**
 * Watches over work that must keep making progress.
 * @param limitMs longest silence
 * @param signal the caller's own; its reason is passed on
 * @param reason what the signal is aborted with when the silence was too long
 */
export function watchSilence(limitMs: number, signal: AbortSignal, reason: () => Error): SilenceWatch {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(reason()), limitMs)
  const pass = () => controller.abort(signal.reason)
  if (signal.aborted) pass()
  else signal.addEventListener('abort', pass, { once: true })
  return {
    signal: controller.signal,
    heard: () => void timer.refresh(),
    [Symbol.dispose]() {
      clearTimeout(timer)
      signal.removeEventListener('abort', pass)
    }
  }
}
