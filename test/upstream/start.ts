import type { ChildProcessByStdio } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { LoggedRequest } from './log.ts'

export type { LoggedRequest } from './log.ts'

type Child = ChildProcessByStdio<Writable, Readable, null>

/** A model provider to test against: a process of its own that speaks the real wire formats. */
export interface Upstream extends AsyncDisposable {
  /** Without a path, as `http://127.0.0.1:4711`. */
  url: string
  /** What it has been asked since its start or the last `reset`. */
  requests(): Promise<LoggedRequest[]>
  /** The first request that fits, as soon as there is one. */
  waitFor(predicate: (request: LoggedRequest) => boolean, timeoutMs?: number): Promise<LoggedRequest>
  reset(): Promise<void>
  stop(): Promise<void>
}

const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url))
const POLL_MS = 5

/** Starts an upstream, and resolves once it listens. */
export async function startUpstream(): Promise<Upstream> {
  const child = spawn(process.execPath, [SERVER], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PORT: '0' }
  })
  const url = `http://127.0.0.1:${await portOf(child)}`
  const requests = async (): Promise<LoggedRequest[]> => {
    const response = await fetch(`${url}/_requests`)
    return (await response.json()) as LoggedRequest[]
  }
  const stop = (): Promise<void> => stopped(child)
  return {
    url,
    requests,
    waitFor: (predicate, timeoutMs = 3000) => found(requests, predicate, timeoutMs),
    reset: async () => {
      const response = await fetch(`${url}/_requests`, { method: 'DELETE' })
      await response.body?.cancel()
    },
    stop,
    [Symbol.asyncDispose]: stop
  }
}

async function portOf(child: Child): Promise<string> {
  for await (const line of createInterface(child.stdout)) {
    const port = /^listening (\d+)$/.exec(line)?.[1]
    if (port !== undefined) return port
  }
  throw new Error('The upstream ended before it listened')
}

async function stopped(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.stdin.end()
  await exit
}

async function found(
  requests: () => Promise<LoggedRequest[]>,
  predicate: (request: LoggedRequest) => boolean,
  timeoutMs: number
): Promise<LoggedRequest> {
  const deadline = Date.now() + timeoutMs
  while (true) {
    const all = await requests()
    const match = all.find(predicate)
    if (match) return match
    if (Date.now() >= deadline) throw new Error(unmatched(all, predicate, timeoutMs))
    await setTimeout(POLL_MS)
  }
}

function unmatched(all: LoggedRequest[], predicate: (request: LoggedRequest) => boolean, timeoutMs: number): string {
  const seen = all.map(({ id, method, path, ended, chunksSent }) => {
    return `#${id} ${method} ${path}, ${ended ?? 'open'}, ${chunksSent} chunks`
  })
  return `No request fits ${predicate.toString()} within ${timeoutMs} ms; seen: ${seen.join('; ') || 'none'}`
}
