import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const TOKEN = 'a-token-for-the-soak-and-for-nothing-else'
export const HOOK_SECRET = 'a-secret-of-webhooks-for-the-soak-alone'

const ROOT = join(import.meta.dirname, '../..')
/** As `npm start` has it, and what is in `deploy/`. */
const NODE_ARGS = ['--max-semi-space-size=16']
const START_MS = 30_000
const STOP_MS = 25_000

/** What a process holds. */
export interface Held {
  descriptors: number
  /** Those that are still known, also if they keep nothing alive; 0 unless they were counted. */
  timers: number
  rssBytes: number
  heapBytes: number
  /** Of the heap, with what is free in it. */
  heapTotalBytes: number
  /** Beside the heap: what objects of the engine and of libraries hold, `bufferBytes` among it. */
  externalBytes: number
  bufferBytes: number
}

/** A gateway that is started again and again with the same data. */
export class SoakedGateway {
  readonly folder: string
  readonly #dataDir: string
  readonly #log: number
  #child: ChildProcess | undefined
  url = ''

  /** @param dataDir default: in the folder */
  constructor(folder: string, upstream: string, dataDir = join(folder, 'data')) {
    this.folder = folder
    this.#dataDir = dataDir
    mkdirSync(folder, { recursive: true })
    this.#log = openSync(join(folder, 'log'), 'a')
    writeFileSync(join(folder, 'config.yaml'), JSON.stringify(configOf(upstream)))
  }

  get log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8')
  }

  async start(): Promise<void> {
    const args = ['--config', join(this.folder, 'config.yaml'), '--data-dir', this.#dataDir, '--port', '0']
    const inside = join(import.meta.dirname, 'inside.ts')
    const child = spawn(process.execPath, [...NODE_ARGS, '--import', inside, 'src/launch.js', ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', this.#log, 'ipc']
    })
    this.#child = child
    let said = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text))
    const deadline = Date.now() + START_MS
    for (;;) {
      const url = /listening at (http\S+)/.exec(said)?.[1]
      if (url) return void (this.url = url)
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`The gateway does not start:\n${this.log}`)
      await sleep(20)
    }
  }

  /** Ends it. @returns its exit code, or the signal it died of */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return 'gone'
    const exit = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    const [code, died] = await exit
    clearTimeout(timer)
    return (code ?? died) as number | string
  }

  /** What it holds after a collection of garbage. */
  async held(count = false): Promise<Held> {
    const told = await this.#ask({ count })
    return { ...told, descriptors: readdirSync(`/proc/${this.#child?.pid}/fd`).length }
  }

  async jump(jumpMs: number): Promise<void> {
    await this.#ask({ jumpMs })
  }

  async #ask(question: object): Promise<Omit<Held, 'descriptors'>> {
    const child = this.#child as ChildProcess
    child.send(question)
    const [told] = (await once(child, 'message', { signal: AbortSignal.timeout(START_MS) })) as [
      Omit<Held, 'descriptors'>
    ]
    return told
  }
}

const configOf = (upstream: string) => ({
  gateway: {
    tokens: [{ id: 'soak', secret: TOKEN, scopes: ['*'] }],
    rateLimit: { maxRequests: 1_000_000_000 },
    wsMessageRateLimit: { maxMessages: 100_000, windowMs: 1000 },
    shutdownGraceMs: 3000
  },
  providers: {
    up: { type: 'openai-compatible', baseURL: `${upstream}/v1` },
    // Fails all the time: its breaker would keep the faults away that are to be seen.
    bad: { type: 'openai-compatible', baseURL: `${upstream}/v1`, timeoutMs: 1000, breaker: { failures: 0 } }
  },
  agents: { default: { provider: 'builtin', model: 'echo' }, up: { provider: 'up', model: 'words-20' } },
  embeddings: { provider: 'up', model: 'embed-512' },
  webhooks: {
    enabled: true,
    token: HOOK_SECRET,
    mappings: [{ id: 'soak', match: { path: 'soak' }, action: 'agent', messageTemplate: '{{payload.text}}' }]
  }
})
