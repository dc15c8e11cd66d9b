import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Tool } from '../src/agents/tool.ts'
import type { Config, ConfigInput } from '../src/config/schema.ts'
import { asGatewayError, forLog } from '../src/errors.ts'
import { openServices, type Services } from '../src/services.ts'
import { diskFault } from '../src/storage/fault.ts'
import type { TurnSummary } from '../src/turns/turns.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The gateway's domain: agents, models, turns, sessions, tokens, events. */
    readonly comis: Services
  }
}

export interface ServicesPluginOptions {
  config: Config
  overrides: ConfigInput | undefined
  discardPatches: boolean | undefined
  configPaths: readonly string[]
  tools: readonly Tool[]
}

/** Opens the domain before everything else and closes it after everything else. */
async function services(
  fastify: FastifyInstance,
  { config, overrides = {}, discardPatches = false, configPaths, tools }: ServicesPluginOptions
): Promise<void> {
  const { log } = fastify
  const opened = await openServices({
    config,
    overrides,
    discardPatches,
    configPaths,
    tools,
    env: process.env,
    onTurn: (summary) => logTurn(fastify, summary),
    onAbandoned: (count) => log.warn({ count }, 'turns that an earlier process left unfinished were ended as failed'),
    onUnstored: (turn, error) =>
      log.error({ turn, ...forLog(asGatewayError(error)) }, 'the end of a turn was not stored'),
    onListError: (error) => log.warn(forLog(asGatewayError(error)), 'a provider cannot be asked for its models'),
    onTraceError: (error) => log.warn({ error: (error as Error).message }, 'traces could not be sent'),
    onError: logSome((error) => log.error(forLog(asGatewayError(error)), 'what goes on by itself failed'))
  })
  fastify.decorate('comis', opened)
  // Running turns end by themselves within the grace time: the server waits for the requests that they answer.
  fastify.addHook('preClose', async () => {
    opened.readiness.end()
    const { shutdownGraceMs } = opened.config.gateway
    setTimeout(() => void opened.embedders.close(), shutdownGraceMs).unref()
    opened.webhooks.stop(shutdownGraceMs)
    opened.turns.stop(shutdownGraceMs)
  })
  fastify.addHook('onClose', async () => {
    await opened.webhooks.settled()
    await opened.turns.settled()
    await opened.close()
  })
}

/** Time between two lines about a disk that is full or broken: everything that goes on by itself fails then. */
const FAULT_SPACING_MS = 10_000

function logSome(tell: (error: unknown) => void): (error: unknown) => void {
  let toldAt = -Infinity
  return (error) => {
    if (!diskFault(error)) return tell(error)
    if (performance.now() - toldAt < FAULT_SPACING_MS) return
    toldAt = performance.now()
    tell(error)
  }
}

function logTurn({ log }: FastifyInstance, { turn, outcome, provider, model, durationMs }: TurnSummary): void {
  const { by, target } = turn.request
  const line = {
    turn: turn.id,
    client: by.clientId,
    agent: 'agent' in target ? target.agent.id : undefined,
    model: provider && `${provider}/${model}`,
    finishReason: outcome.finishReason,
    tokens: outcome.usage,
    ms: durationMs
  }
  if (outcome.error) log.error({ ...line, ...forLog(outcome.error) }, 'turn failed')
  else log.info(line, 'turn')
}

export default fp(services, { name: 'comis-services' })
