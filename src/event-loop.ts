import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How long the event loop keeps what is due waiting. */
export interface EventLoop {
  /** The 99th percentile since the last reset, in milliseconds. */
  readonly delayMs: number
  reset(): void
  end(): void
}

const RESOLUTION_MS = 100

export function watchEventLoop(): EventLoop {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  return {
    get delayMs() {
      return Math.round(delay.percentile(99) / 10_000) / 100
    },
    reset: () => delay.reset(),
    end: () => void delay.disable()
  }
}
