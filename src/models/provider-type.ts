import type { ModelProvider } from './port.ts'

export interface ProviderOptions {
  /** The provider's id in the configuration; it names the provider in errors. */
  id: string
  baseURL?: string
  apiKey?: string
  /** Longest silence, in milliseconds, before the first byte and between two. */
  timeoutMs: number
}

/** A kind of provider: one of these, in a file of its own, is all a new wire format takes. */
export interface ProviderType {
  /** Environment variable that holds its key where the configuration has none. */
  keyVariable?: string
  /** The model of an agent that names none, where the configuration lists none. */
  usualModel?: string
  create(options: ProviderOptions): ModelProvider
}
