import { GatewayError } from '../errors.ts'
import type { ListedModel } from './port.ts'
import { unreachable, upstreamError } from './failures.ts'

interface Query {
  providerId: string
  url: string
  headers: Record<string, string>
  signal: AbortSignal
}

/** `GET /models` as OpenAI and Anthropic answer it. */
export async function listOpenAi(query: Query): Promise<ListedModel[]> {
  const { data } = await getJson<{ data: { id: string; created?: unknown }[] }>(query)
  return data.map(({ id, created }) => ({ id, ...(typeof created === 'number' && { created }) }))
}

/** `GET /models` as Google answers it; only those that generate content. */
export async function listGoogle(query: Query): Promise<ListedModel[]> {
  const { models } = await getJson<{ models: { name: string; supportedGenerationMethods?: string[] }[] }>(query)
  return models
    .filter((model) => model.supportedGenerationMethods?.includes('generateContent'))
    .map((model) => ({ id: model.name.replace(/^models\//, '') }))
}

async function getJson<T>({ providerId, url, headers, signal }: Query): Promise<T> {
  try {
    const response = await fetch(url, { headers, signal })
    const body = await response.text()
    if (!response.ok) {
      throw upstreamError({
        providerId,
        status: response.status,
        retryAfter: response.headers.get('retry-after') ?? undefined,
        body
      })
    }
    return JSON.parse(body) as T
  } catch (error) {
    throw error instanceof GatewayError ? error : unreachable(providerId, error)
  }
}
