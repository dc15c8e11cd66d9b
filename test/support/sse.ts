import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { EventSourceMessage } from 'eventsource-parser'

/** All events of a response, read by a parser that was not written here. */
export async function readEvents(response: Response): Promise<EventSourceMessage[]> {
  if (!response.body) return []
  const stream = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  return Array.fromAsync(stream as unknown as AsyncIterable<EventSourceMessage>)
}

/** The events of a text that holds a whole stream. */
export const parseEvents = (text: string): Promise<EventSourceMessage[]> => readEvents(new Response(text))
