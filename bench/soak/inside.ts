// Loaded into the gateway before anything else: tells what its process holds, and sets its clock.
import { queryObjects, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let offset = 0
const RealDate = Date
const now = RealDate.now
const Shifted = new Proxy(RealDate, {
  construct: (target, args: [number?]) =>
    args.length === 0 ? new target(now() + offset) : Reflect.construct(target, args)
})
RealDate.now = () => now() + offset
globalThis.Date = Shifted

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const probe = setTimeout(() => {}, 0)
clearTimeout(probe)
const Timeout = probe.constructor as new () => NodeJS.Timeout

process.on('message', ({ jumpMs = 0, count = false }: { jumpMs?: number; count?: boolean }) => {
  offset += jumpMs
  collect()
  const { heapUsed, heapTotal, rss, external, arrayBuffers } = process.memoryUsage()
  const bytes = {
    heapBytes: heapUsed,
    rssBytes: rss,
    heapTotalBytes: heapTotal,
    externalBytes: external,
    bufferBytes: arrayBuffers
  }
  process.send?.({ ...bytes, timers: count ? queryObjects(Timeout, { format: 'count' }) : 0 })
})
process.channel?.unref()
