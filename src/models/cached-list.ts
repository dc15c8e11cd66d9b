import type { ListedModel, ModelProvider } from './port.ts'

const LIST_TIMEOUT_MS = 3000
const FRESH_MS = 60_000
const RETRY_MS = 5000

export interface CachedList {
  read(): Promise<ListedModel[]>
  /** Whether the last list that was read has it. */
  has(id: string): boolean
}

/** What the configuration lists. */
export const fixedList = (models: ListedModel[]): CachedList => ({
  read: async () => models,
  has: (id) => models.some((model) => model.id === id)
})

/** Asks a provider for its models at most once a minute; after a failure again after five seconds. */
export function cachedList(provider: ModelProvider, onError: (error: unknown) => void): CachedList {
  let known: ListedModel[] = []
  let askAgainAt = 0
  let asking: Promise<ListedModel[]> | undefined

  async function ask(): Promise<ListedModel[]> {
    try {
      known = await provider.list(AbortSignal.timeout(LIST_TIMEOUT_MS))
      askAgainAt = Date.now() + FRESH_MS
    } catch (error) {
      askAgainAt = Date.now() + RETRY_MS
      onError(error)
    } finally {
      asking = undefined
    }
    return known
  }

  return {
    read: async () => (Date.now() < askAgainAt ? known : (asking ??= ask())),
    has: (id) => known.some((model) => model.id === id)
  }
}
