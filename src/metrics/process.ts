import { readdir } from 'node:fs/promises'
import { Counter, type Registry } from 'prom-client'
import { gauge } from './gauge.ts'

/**
 * What Prometheus' client libraries tell of every process, under the names they share.
 * @see https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
 */
export function tellProcess(registry: Registry): void {
  let counted = 0
  const cpu: Counter = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the process, in seconds.',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage()
      const seconds = (user + system) / 1_000_000
      cpu.inc(seconds - counted)
      counted = seconds
    }
  })
  gauge(registry, 'process_resident_memory_bytes', 'Resident memory of the process.', [], (it) =>
    it.set(process.memoryUsage.rss())
  )
  gauge(registry, 'nodejs_heap_size_used_bytes', 'Memory of JavaScript objects.', [], (it) =>
    it.set(process.memoryUsage().heapUsed)
  )
  gauge(registry, 'process_open_fds', 'Open file descriptors; NaN where the system does not tell.', [], async (it) =>
    it.set(await openDescriptors())
  )
  const started = 'When the process started, in seconds since the epoch.'
  gauge(registry, 'process_start_time_seconds', started, []).set(Math.round(performance.timeOrigin) / 1000)
}

async function openDescriptors(): Promise<number> {
  try {
    return (await readdir('/proc/self/fd')).length - 1 // but for the one that reads the folder
  } catch {
    return NaN // not Linux
  }
}
