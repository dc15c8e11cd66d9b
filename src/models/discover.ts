import { connect } from 'node:net'
import { PROVIDER_DEFAULTS, type ProviderConfig } from '../config/schema.ts'
import { PROVIDER_TYPES } from './provider-types.ts'

type Env = Record<string, string | undefined>

const PROBE_MS = 500

/**
 * The providers that the environment tells of: OPENAI_BASE_URL (any compatible server), OPENAI_API_KEY,
 * ANTHROPIC_API_KEY, GOOGLE_GENERATIVE_AI_API_KEY, and an Ollama that runs (OLLAMA_HOST, or its usual address).
 */
export async function discoverProviders(env: Env): Promise<Record<string, ProviderConfig>> {
  const found: Record<string, ProviderConfig> = {}
  if (env.OPENAI_BASE_URL) {
    found.openai = {
      type: 'openai-compatible',
      baseURL: trimmed(env.OPENAI_BASE_URL),
      apiKey: env.OPENAI_API_KEY,
      ...PROVIDER_DEFAULTS
    }
  } else if (env.OPENAI_API_KEY) {
    found.openai = { type: 'openai', apiKey: env.OPENAI_API_KEY, ...PROVIDER_DEFAULTS }
  }
  if (env.ANTHROPIC_API_KEY)
    found.anthropic = { type: 'anthropic', apiKey: env.ANTHROPIC_API_KEY, ...PROVIDER_DEFAULTS }
  if (env.GOOGLE_GENERATIVE_AI_API_KEY) {
    found.google = { type: 'google', apiKey: env.GOOGLE_GENERATIVE_AI_API_KEY, ...PROVIDER_DEFAULTS }
  }
  const baseURL = ollamaAddress(env.OLLAMA_HOST)
  if (await answers(baseURL)) found.ollama = { type: 'ollama', baseURL, ...PROVIDER_DEFAULTS }
  return found
}

const trimmed = (url: string) => url.replace(/\/+$/, '')

/** OLLAMA_HOST is an address as in `http://box:11434`, `box:11434` or `box`; a server's 0.0.0.0 is reached on loopback. */
function ollamaAddress(host = ''): string {
  const address = host.includes('://') ? host : `http://${host || '127.0.0.1'}`
  const url = URL.parse(address) ?? new URL('http://127.0.0.1')
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1'
  if (!url.port && !address.endsWith(':80')) url.port = '11434'
  return `${url.origin}/v1`
}

async function answers(baseURL: string): Promise<boolean> {
  if (!(await isOpen(new URL(baseURL)))) return false
  const provider = PROVIDER_TYPES.ollama.create({ id: 'ollama', baseURL, timeoutMs: PROBE_MS })
  return provider.list(AbortSignal.timeout(PROBE_MS)).then(
    () => true,
    () => false
  )
}

/** Whether anything listens there: the quick answer in the usual case that nothing does. */
function isOpen({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), timeout: PROBE_MS })
    const done = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => done(true))
    socket.once('timeout', () => done(false))
    socket.once('error', () => done(false))
  })
}
