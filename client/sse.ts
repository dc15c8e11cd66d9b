/** An event of a stream, as `text/event-stream` tells it (HTML, section 9.2). */
export interface ServerEvent {
  type: string
  data: string
  id?: string
}

/** Reads Server-Sent Events as they come; ends with the body, and cancels it when its reader stops. */
export async function* readServerEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      // Where a CR ends a piece, the LF that may follow is an empty line before the next event, and does no harm.
      const blocks = (rest + decoder.decode(value, { stream: true })).split(/(?:\r\n|\n|\r(?!\n)){2}/)
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = parse(block)
        if (event) yield event
      }
    }
  } finally {
    // The caller's own failure matters more than that of a connection that is being given up.
    await reader.cancel().catch(() => undefined)
  }
}

function parse(block: string): ServerEvent | undefined {
  const data: string[] = []
  let type = 'message'
  let id: string | undefined
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field, value = ''] = /^(\w+)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'data') data.push(value)
    else if (field === 'event') type = value
    else if (field === 'id') id = value
  }
  return data.length > 0 ? { type, data: data.join('\n'), id } : undefined
}
