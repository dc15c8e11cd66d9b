import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { bearer, listenGateway, SECRETS, temporaryFolder } from './gateway.ts'

export const PNG = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex'),
  Buffer.alloc(100_000, 7)
])

interface Options {
  media?: object
  gateway?: object
  dataDir?: string
}

/** A gateway that listens, and what asks it for files. */
export async function open(t: Test, { media = {}, gateway = {}, dataDir }: Options = {}) {
  const folder = dataDir ?? (await temporaryFolder(t))
  const { app, url } = await listenGateway(t, { dataDir: folder, gateway: { media, ...gateway } })
  return { app, url, dataDir: folder, root: join(folder, 'media'), ...clientOf(url) }
}

export function clientOf(url: string) {
  const upload = (body: Uint8Array | FormData | string, type?: string, secret = SECRETS.rpc) =>
    fetch(`${url}/media`, {
      method: 'POST',
      body: body as never,
      headers: { ...bearer(secret), ...(type && { 'content-type': type }) }
    })
  const get = (path: string, headers: Record<string, string> = bearer(SECRETS.rpc), method = 'GET') =>
    fetch(`${url}${path}`, { headers, method })
  const save = async (body: Uint8Array = PNG, type = 'image/png') =>
    (await (await upload(body, type)).json()) as { id: string; url: string; expiresAt: number }
  return { upload, get, save }
}

/** How many files there are, of the store and of uploads that go on. */
export const filesIn = async (root: string) =>
  (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length

export async function untilFiles(root: string, wanted: (count: number) => boolean): Promise<number> {
  for (let n = 0; n < 400; n++) {
    const count = await filesIn(root)
    if (wanted(count)) return count
    await sleep(10)
  }
  return filesIn(root)
}

export interface RawClient {
  socket: Socket
  text(): string
  /** Resolves once what came holds this. */
  until(pattern: RegExp): Promise<void>
  closed: Promise<unknown>
}

export async function openSocket(t: Test, url: string): Promise<RawClient> {
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  let text = ''
  socket.on('error', () => {}).on('data', (piece: Buffer) => (text += piece.toString('latin1')))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  async function until(pattern: RegExp): Promise<void> {
    for (let n = 0; !pattern.test(text); n++) {
      if (n > 1000) throw new Error(`expected ${pattern}, got ${text.slice(0, 500)}`)
      await sleep(10)
    }
  }
  return { socket, text: () => text, until, closed }
}

/** The head of an upload, with its last line. */
export const uploadHead = (...lines: string[]) =>
  [`POST /media HTTP/1.1`, 'host: localhost', `authorization: Bearer ${SECRETS.rpc}`, ...lines, '', ''].join('\r\n')
