import type { EventLoop } from '../event-loop.ts'
import type { Events } from './events.ts'

const EVERY_MS = 60_000

/** Tells once a minute how the process is. @returns what ends it */
export function emitMetrics(events: Events, loop: EventLoop, runningTurns: () => number): () => void {
  const timer = setInterval(() => {
    const { rss, heapUsed } = process.memoryUsage()
    events.emit('observability:metrics', {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      eventLoopDelayMs: loop.delayMs,
      runningTurns: runningTurns(),
      eventReaders: events.readers
    })
    loop.reset()
  }, EVERY_MS).unref()
  return () => clearInterval(timer)
}
