import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Events } from './events.ts'

const EVERY_MS = 60_000

/** Tells once a minute how the process is. @returns what ends it */
export function emitMetrics(events: Events, runningTurns: () => number): () => void {
  const delay = monitorEventLoopDelay({ resolution: 100 })
  delay.enable()
  const timer = setInterval(() => {
    const { rss, heapUsed } = process.memoryUsage()
    events.emit('observability:metrics', {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      eventLoopDelayMs: Math.round(delay.percentile(99) / 10_000) / 100,
      runningTurns: runningTurns(),
      eventReaders: events.readers
    })
    delay.reset()
  }, EVERY_MS).unref()
  return () => {
    clearInterval(timer)
    delay.disable()
  }
}
