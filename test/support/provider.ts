import { createServer } from 'node:http'
import type { Test } from 'tap'

/** A provider that answers with a status, and where that is 200, with a word, once that is known. */
export async function serve(t: Test, status: () => number | Promise<number>): Promise<string> {
  const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'words' }
  const choices = [{ index: 0, delta: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }]
  const server = createServer((request, response) => {
    request.resume().once('end', async () => {
      const code = await status()
      response.writeHead(code, { 'content-type': code === 200 ? 'text/event-stream' : 'application/json' })
      response.end(code === 200 ? `data: ${JSON.stringify({ ...chunk, choices })}\n\ndata: [DONE]\n\n` : '{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  return `http://127.0.0.1:${port}/v1`
}
