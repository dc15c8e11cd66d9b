import type { IncomingMessage } from 'node:http'

// An import would read every export of the module, and one of them loads what `fetch` is made of: 40 ms of a start.
const http = process.getBuiltinModule('node:http')
const https = process.getBuiltinModule('node:https')

const agents = {
  'http:': new http.Agent({ keepAlive: true, timeout: 30_000 }),
  'https:': new https.Agent({ keepAlive: true, timeout: 30_000 })
}

export interface PostRequest {
  url: URL
  headers: Record<string, string>
  body: string
  signal: AbortSignal
}

/**
 * Posts JSON over a connection that is kept. Resolves when the head of the answer is there; aborting the signal closes
 * the connection at any time.
 *
 * A connection that was kept may have been closed by the other side in the very moment it is used again; such a
 * request never arrived, so that it is sent once more.
 */
export function postJson(request: PostRequest): Promise<IncomingMessage> {
  const { url, headers, body, signal } = request
  const secure = url.protocol === 'https:'
  return new Promise((resolve, reject) => {
    const sent = (secure ? https : http).request(url, {
      method: 'POST',
      agent: secure ? agents['https:'] : agents['http:'],
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        accept: 'text/event-stream',
        ...headers
      },
      signal
    })
    let answered = false
    sent.once('response', (response) => {
      answered = true
      resolve(response)
    })
    sent.once('error', (error: NodeJS.ErrnoException) => {
      const neverArrived = sent.reusedSocket && error.code === 'ECONNRESET' && !answered
      if (neverArrived && !signal.aborted) resolve(postJson(request))
      else reject(error)
    })
    sent.end(body)
  })
}
