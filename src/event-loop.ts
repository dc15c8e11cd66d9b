import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How long the event loop keeps what is due waiting. */
export interface EventLoop {
  /** The 99th percentile since the last reset, in milliseconds. */
  readonly delayMs: number
  reset(): void
  end(): void
}

const RESOLUTION_MS = 100

/** What is measured is the time between two ticks of a timer, which lie that far apart when nothing delays them. */
const beyondResolution = (ns: number) => Math.max(0, Math.round(ns / 10_000 - RESOLUTION_MS * 100) / 100) || 0

export function watchEventLoop(): EventLoop {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  return {
    get delayMs() {
      return beyondResolution(delay.percentile(99))
    },
    reset: () => delay.reset(),
    end: () => void delay.disable()
  }
}
