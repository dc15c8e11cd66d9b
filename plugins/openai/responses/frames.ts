import { frame } from '../../sse/frame.ts'
import type { StreamEvent } from './encode.ts'

const LAST = new Set(['response.completed', 'response.incomplete', 'response.failed'])

/**
 * Events as they go over the wire, each to be written by itself; after the last one `[DONE]`.
 * @param isNew whether an event is to be told; the end is told in any case
 */
export function toFrames(events: StreamEvent[], isNew: (event: StreamEvent) => boolean = () => true): string[] {
  const frames = events.filter(isNew).map((event) => frame({ event: event.type, data: JSON.stringify(event) }))
  const last = events.at(-1)
  if (last && LAST.has(last.type)) frames.push(frame({ data: '[DONE]' }))
  return frames
}
