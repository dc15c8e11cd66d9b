import { request } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

export interface UploadPlan {
  port: number
  token: string
  bytes: number
}

export interface UploadResult {
  seconds: number
}

const { port, token, bytes } = JSON.parse(process.argv[2] ?? '') as UploadPlan
const piece = Buffer.alloc(65_536, 1)

function* pieces(): Iterable<Buffer> {
  for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, Math.min(left, piece.length))
}

const since = performance.now()
const headers = {
  authorization: `Bearer ${token}`,
  'content-length': bytes,
  'content-type': 'application/octet-stream'
}
const sending = request({ host: '127.0.0.1', port, path: '/media', method: 'POST', headers })
const answered = new Promise<void>((resolve, reject) => {
  sending.once('error', reject)
  sending.once('response', (response) => {
    const check = (body: string) => {
      if (response.statusCode === 201) resolve()
      else reject(new Error(`an upload was answered with ${response.statusCode}: ${body}`))
    }
    text(response).then(check, reject)
  })
})
await Promise.all([pipeline(Readable.from(pieces()), sending), answered])
const result: UploadResult = { seconds: (performance.now() - since) / 1000 }
console.log(JSON.stringify(result))
