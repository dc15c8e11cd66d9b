import type { Tool } from '../agents/tool.ts'
import { GatewayError } from '../errors.ts'
import type { ModelRef } from '../models/catalog.ts'
import type { AskModel } from '../models/fallback.ts'
import type { ModelEvent } from '../models/port.ts'
import type { RunTurn, TurnRequest } from '../turns/turn.ts'
import type { Attributes, Span, Tracer } from './tracer.ts'

/**
 * Spans of turns, model calls and tools, by OpenTelemetry's semantic conventions for generative AI. What was said is in none
 * of them.
 * @see https://opentelemetry.io/docs/specs/semconv/gen-ai/
 */
export interface GenAi {
  turns(runTurn: RunTurn): RunTurn
  models(ask: AskModel): AskModel
  tools(tools: readonly Tool[]): Tool[]
}

/** @param tracer undefined: everything stays as it is, and costs nothing */
export function traceGenAi(tracer: Tracer | undefined): GenAi {
  if (!tracer) return { turns: (runTurn) => runTurn, models: (ask) => ask, tools: (tools) => [...tools] }
  return {
    turns: (runTurn) => traceTurns(runTurn, tracer),
    models: (ask) => traceModels(ask, tracer),
    tools: (tools) => tools.map((tool) => traceTool(tool, tracer))
  }
}

function traceTurns(runTurn: RunTurn, tracer: Tracer): RunTurn {
  return (request, signal, emit, meter) => {
    const span = tracer.start(nameOf(request), { kind: 'internal', attributes: attributesOf(request) })
    const sum = { input: 0, output: 0 }
    return ending(span, signal, () =>
      span.run(async () => {
        const reason = await runTurn(
          request,
          signal,
          (event) => {
            if (event.type === 'started') span.set({ 'gen_ai.response.model': event.model })
            if (event.type === 'usage') {
              sum.input += event.usage.input
              sum.output += event.usage.output
              span.set(tokens(sum))
            }
            return emit(event)
          },
          meter
        )
        span.set({ 'gen_ai.response.finish_reasons': [reason] })
        return reason
      })
    )
  }
}

const nameOf = ({ target }: TurnRequest) => ('agent' in target ? `invoke_agent ${target.agent.name}` : 'turn')

function attributesOf({ id, by, target, session }: TurnRequest): Attributes {
  const all = { 'comis.turn.id': id, 'comis.client.id': by.clientId, 'gen_ai.conversation.id': session?.key }
  if ('model' in target) return { ...all, 'gen_ai.request.model': target.model.model }
  const { agent } = target
  return {
    ...all,
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.provider.name': agent.providerId,
    'gen_ai.agent.id': agent.id,
    'gen_ai.agent.name': agent.name,
    'gen_ai.request.model': agent.config.model
  }
}

function traceModels(ask: AskModel, tracer: Tracer): AskModel {
  return async function* (by, request, signal) {
    const { model } = by
    const span = tracer.start(`chat ${model}`, {
      kind: 'client',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': providerName(by),
        'gen_ai.request.model': model,
        'gen_ai.request.max_tokens': request.settings.maxOutputTokens,
        'gen_ai.request.temperature': request.settings.temperature,
        'gen_ai.request.top_p': request.settings.topP
      }
    })
    try {
      for await (const events of ask(by, { ...request, traceparent: span.traceparent }, signal)) {
        for (const event of events) noteAnswer(event, model, span)
        yield events
      }
    } catch (error) {
      span.fail(typeOf(error, signal))
      throw error
    } finally {
      span.end()
    }
  }
}

/** The conventions have names for the well-known ones. */
const KNOWN: Record<string, string> = { openai: 'openai', anthropic: 'anthropic', google: 'gcp.gemini' }
const providerName = ({ providerId, gate }: ModelRef) => KNOWN[gate.config.type] ?? providerId

function noteAnswer(event: ModelEvent, model: string, span: Span): void {
  if (event.type !== 'finish' && event.type !== 'usage') return
  span.set(tokens(event.usage))
  if (event.type === 'finish') {
    span.set({ 'gen_ai.response.model': model, 'gen_ai.response.finish_reasons': [event.reason] })
  }
}

const tokens = ({ input, output }: { input: number; output: number }): Attributes => ({
  'gen_ai.usage.input_tokens': input,
  'gen_ai.usage.output_tokens': output
})

function traceTool(tool: Tool, tracer: Tracer): Tool {
  const { name } = tool.spec
  return {
    ...tool,
    run(text, signal, context) {
      const attributes = {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': name,
        'gen_ai.tool.type': 'function',
        'gen_ai.agent.id': context.agentId,
        'comis.turn.id': context.turnId
      }
      const span = tracer.start(`execute_tool ${name}`, { kind: 'internal', attributes })
      return ending(span, signal, () => span.run(() => tool.run(text, signal, context)))
    }
  }
}

async function ending<T>(span: Span, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    span.fail(typeOf(error, signal))
    throw error
  } finally {
    span.end()
  }
}

function typeOf(error: unknown, signal: AbortSignal): string {
  const cause: unknown = signal.aborted ? signal.reason : error
  if (cause instanceof GatewayError) return cause.code
  return cause instanceof Error && cause.name === 'TurnAborted' ? 'aborted' : 'internal'
}
