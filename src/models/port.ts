import type { Usage } from '../turns/event.ts'
import type { Json } from '../json.ts'
import type { Message } from './message.ts'

/** A tool the model may call. */
export interface ToolSpec {
  name: string
  description?: string
  /** JSON Schema of its arguments, an object. */
  parameters: { [key: string]: Json }
  strict?: boolean
}

export type ToolChoice = 'auto' | 'none' | 'required' | { name: string }

/** How to sample; what a provider does not know it leaves out. */
export interface ModelSettings {
  maxOutputTokens?: number
  temperature?: number
  topP?: number
  stop?: string[]
  seed?: number
  presencePenalty?: number
  frequencyPenalty?: number
  responseFormat?: ResponseFormat
  reasoningEffort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'
  toolChoice?: ToolChoice
  /** Whether the model may call several tools at once. */
  parallelToolCalls?: boolean
  /** Whether each token is to come with its log probability, and with how many likely others. */
  logprobs?: boolean
  topLogprobs?: number
  /** Parameters that OpenAI alone has, under its names and as the client gave them. */
  openai?: { [key: string]: Json }
}

export interface ResponseFormat {
  type: 'json'
  schema?: { [key: string]: Json }
  name?: string
  description?: string
  /** Whether the provider is to hold the model to the schema; left out, as the provider has it. */
  strict?: boolean
}

export interface ModelRequest {
  /** The model's id at its provider. */
  model: string
  messages: Message[]
  tools?: ToolSpec[]
  settings: ModelSettings
  passOn?: PassOn
  /** The trace that the call is a part of, for the provider to go on with (W3C Trace Context). */
  traceparent?: string
}

/**
 * Whoever asked speaks OpenAI's chat completions: a provider that does too may pass its answer on, each piece of text with
 * its own chunk, or all of it at once. Any other provider takes no notice.
 */
export type PassOn = 'chunks' | 'whole'

/** A piece of the answer; with `logprobs` it may be empty. */
export interface TextEvent {
  type: 'text'
  delta: string
  /** Where the model says that it will not answer. */
  refusal?: true
  /** Its tokens and how likely they were, in OpenAI's form. */
  logprobs?: Json[]
  /**
   * The provider's own chunk, where that is to be passed on: its JSON text from after its opening brace, without `id`, `object`,
   * `created`, `model` and `usage`. The text may be empty then: what the chunk brings is of another kind.
   */
  rest?: string
  /** What the provider's message holds beside what has events, as `annotations`, where a whole answer is to be passed on. */
  more?: { [key: string]: Json }
}

/**
 * What one call of a model yields; `finish` comes once, last. A call that fails may tell its tokens, where they are known,
 * in `usage` instead: that is no answer.
 */
export type ModelEvent =
  | TextEvent
  | { type: 'reasoning'; delta: string }
  | { type: 'tool_call'; callId: string; name: string; delta: string }
  | { type: 'finish'; reason: ModelFinish; usage: Usage }
  | { type: 'usage'; usage: Usage }
export type ModelFinish = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/** A model that a provider says it has. */
export interface ListedModel {
  id: string
  /** Seconds since the epoch, where the provider tells. */
  created?: number
}

/** Where models come from. Adapters stand beside this port, one file for each wire format. */
export interface ModelProvider {
  /**
   * Calls a model. Yields its events in the batches they arrive in, so that what one read of a socket brings costs one
   * step of the iteration. Aborting the signal closes the connection to the provider and ends the iteration with the
   * signal's reason.
   * @throws GatewayError of a code that starts with `provider_`, `model_not_found` or `invalid_request`
   */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent[]>
  /** The models it has now. Throws as `stream` does. */
  list(signal: AbortSignal): Promise<ListedModel[]>
}
