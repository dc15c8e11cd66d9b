import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { listen } from './listen.ts'

interface Body {
  model: string
  messages: { content: string }[]
}

interface Delta {
  role?: string
  content?: string
  refusal?: null
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no'
}

/** A chat completion that repeats the last message: the bytes of the gateway's answer, with nothing around them. */
async function complete(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = JSON.parse(await text(request)) as Body
  response.writeHead(200, HEADERS)
  for (const event of events(body)) {
    await setImmediate() // as the echo model: a token comes by itself, and leaves by itself
    if (!response.write(event)) await once(response, 'drain')
  }
  response.end()
}

function* events({ model, messages }: Body): Iterable<string> {
  // As long as the gateway's ids, so that the streams are of one size.
  const id = `chatcmpl-${Date.now().toString(36)}${randomBytes(9).toString('hex')}`
  const common = { id, object: 'chat.completion.chunk', created: Math.floor(Date.now() / 1000), model }
  const chunk = (delta: Delta, finish: string | null = null): string =>
    sse(JSON.stringify({ ...common, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] }))

  yield chunk({ role: 'assistant', content: '', refusal: null })
  for (const content of messages.at(-1)?.content.match(/\s*\S+\s*/g) ?? []) yield chunk({ content })
  yield chunk({}, 'stop')
  yield sse('[DONE]')
}

const sse = (data: string): string => `data: ${data}\n\n`

await listen(
  createServer((request, response) => {
    complete(request, response).catch((error: unknown) => {
      if (!response.destroyed) console.error(error)
      response.destroy()
    })
  })
)
