import type { ProviderConfig } from '../config/schema.ts'
import { anthropic } from './ai-sdk/anthropic.ts'
import { google } from './ai-sdk/google.ts'
import { openai } from './ai-sdk/openai.ts'
import { builtin } from './builtin/index.ts'
import { ollama, openaiCompatible } from './openai-wire/provider.ts'
import type { ProviderType } from './provider-type.ts'

/** Every `type` that `providers.<id>` may have. */
export const PROVIDER_TYPES: Record<ProviderConfig['type'], ProviderType> = {
  openai,
  anthropic,
  google,
  'openai-compatible': openaiCompatible,
  ollama,
  builtin
}
