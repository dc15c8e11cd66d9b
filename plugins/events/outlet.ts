import type { ServerResponse } from 'node:http'
import type { EndReason, Sink } from '../../src/events/feed.ts'
import type { LiveEvent } from '../../src/events/live-event.ts'
import { frame } from '../sse/frame.ts'

/** What readers that get the same events share: the bytes. */
const encoded = new WeakMap<readonly LiveEvent[], Buffer>()

function encode(events: readonly LiveEvent[]): Buffer {
  const known = encoded.get(events)
  if (known) return known
  let text = ''
  for (const { id, type, data } of events) text += frame({ id: id?.toString(), event: type, data })
  const bytes = Buffer.from(text)
  encoded.set(events, bytes)
  return bytes
}

/** A response as the place where a reader's events go. */
export class EventOutlet implements Sink {
  readonly #raw: ServerResponse

  constructor(raw: ServerResponse) {
    this.#raw = raw
  }

  get pending(): number {
    return this.#raw.writableLength
  }

  take(events: readonly LiveEvent[]): boolean {
    return this.#raw.write(encode(events))
  }

  end(reason: EndReason): void {
    // One that takes nothing would never see an orderly end either; it comes again with its last id.
    if (reason === 'closed') this.#raw.end()
    else this.#raw.destroy()
  }
}
