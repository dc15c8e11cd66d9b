import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { CORES, type Server, start } from './processes.ts'

/** A model of the upstream, of 512 dimensions. */
export const EMBEDDING_MODEL = 'embed-512'

export const TOKEN = 'a-token-for-benchmarks-and-nothing-else'

export const WEBHOOK_SECRET = 'a-secret-for-benchmarks-and-nothing-else'

const POLL_MS = 2
const LIMIT_MS = 15_000

export interface StartOptions {
  port?: number
  launch?: string
  folder?: string
}

/** Starts gateways that share a configuration and a log, each with a data folder of its own. */
export class Gateways {
  readonly #folder = mkdtempSync(join(tmpdir(), 'comis-bench-'))
  readonly #config = join(this.#folder, 'config.json')
  readonly #logPath = join(this.#folder, 'log')
  // A file, as in production: where a log goes is part of what a request costs.
  readonly #log = openSync(this.#logPath, 'a')
  #started = 0

  constructor(upstreamPort: number) {
    const upstream = `http://127.0.0.1:${upstreamPort}/v1`
    const models = [{ id: 'words-100' }, { id: EMBEDDING_MODEL, kind: 'embedding', dimensions: 512 }]
    const config = {
      gateway: {
        tokens: [{ id: 'bench', secret: TOKEN, scopes: ['*'] }],
        rateLimit: { maxRequests: 1_000_000_000 }
      },
      providers: { up: { type: 'openai-compatible', baseURL: upstream, models } },
      embeddings: { provider: 'up', model: EMBEDDING_MODEL },
      agents: { default: { provider: 'builtin', model: 'echo' } },
      webhooks: {
        enabled: true,
        token: WEBHOOK_SECRET,
        mappings: [{ id: 'bench', match: { path: 'bench' }, messageTemplate: '{{text}}' }]
      }
    }
    process.once('exit', () => rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 }))
    writeFileSync(this.#config, JSON.stringify(config))
  }

  /** The newest lines of the log. */
  get log(): string {
    return readFileSync(this.#logPath, 'utf8').split('\n').slice(-20).join('\n')
  }

  /** A data folder that is not there yet. */
  newFolder(): string {
    return join(this.#folder, `data-${++this.#started}`)
  }

  /** Starts what is published, on a free port and with a new data folder, unless told otherwise. */
  start({ port = 0, launch = 'dist/src/launch.js', folder = this.newFolder() }: StartOptions = {}): Promise<Server> {
    const args = ['--config', this.#config, '--data-dir', folder, '--host', '127.0.0.1', '--port', `${port}`]
    return start([launch, ...args, '--log-level', 'info'], CORES.server, this.#log)
  }

  /** Starts one and stops it. @returns milliseconds from its start to the first 200 of `GET /health` */
  async timeStart(launch?: string): Promise<number> {
    const port = await freePort()
    const [server, answeredAt] = await Promise.all([this.start({ port, launch }), firstAnswer(port)])
    await server.stop()
    return answeredAt - server.spawnedAt
  }
}

/** One that nothing listens on now: who polls a server cannot wait for it to tell its own. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function firstAnswer(port: number): Promise<number> {
  const deadline = performance.now() + LIMIT_MS
  while (performance.now() < deadline) {
    if ((await statusOf(port)) === 200) return performance.now()
    await setTimeout(POLL_MS)
  }
  throw new Error(`GET /health was not answered within ${LIMIT_MS} ms`)
}

function statusOf(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path: '/health', agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.once('error', () => resolve(undefined))
  })
}
