import { Server as TlsServer } from 'node:tls'
import closeWithGrace from 'close-with-grace'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController
} from 'fastify'
import { type Logger, pino } from 'pino'
import { setTimeout as sleep } from 'node:timers/promises'
import { compilersFactory } from '../plugins/validation.ts'
import { isLoopback } from './access/origins.ts'
import { ConfigError } from './config/error.ts'
import { type Command, loadCommand, USAGE } from './config/load.ts'
import { followConnections } from './connections.ts'
import type { Config, TlsConfig } from './config/schema.ts'
import gateway, { type Services } from './gateway.ts'
import { serverOptions } from './server-options.ts'
import { loadTls, type TlsMaterial } from './tls/load.ts'
import { reloadTls } from './tls/reload.ts'
import { pathOf, restForm } from '../plugins/errors/index.ts'
import { answerClientError } from '../plugins/errors/client-error.ts'
import { toFailure } from '../plugins/errors/failure.ts'
import { openAiForm } from '../plugins/openai/errors.ts'
import { setLogLevel } from '../plugins/json-rpc/methods/daemon/set-log-level.ts'
import { RequestLog } from '../plugins/request-log.ts'
import { VERSION } from './instance.ts'

type Serve = Extract<Command, { run: 'serve' }>

/** How long closing may take beyond the grace time of running turns, before the process gives up on it. */
const CLOSE_MS = 5000

async function serve({ config, overrides, discardPatches, logLevel, configPath }: Serve): Promise<void> {
  if (!config.gateway.enabled) return void process.stdout.write('gateway.enabled is false: nothing is served\n')
  const { tls } = config.gateway
  const material = tls && loadTls(tls)
  const logger: FastifyBaseLogger = await openLog(logLevel)
  const app = Fastify({
    ...serverOptions(config, material),
    logController: new LogController({ disableRequestLogging: true }), // the gateway has its own lines, without queries
    genReqId: requestIds(),
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 512 },
    childLoggerFactory: (_none, bindings, options) => new RequestLog(logger, bindings, options),
    schemaController: { compilersFactory },
    frameworkErrors: answerBadAddress,
    clientErrorHandler: answerClientError
  } as FastifyServerOptions)
  // Given as `loggerInstance` it would have every answer timed, by listeners that cost a tenth of an answer to `/health`.
  app.log = logger
  const endConnections = followConnections(app.server)
  let { gateway: settings } = config
  let readiness: Services['readiness'] | undefined
  await app.register(gateway, {
    ...config,
    overrides,
    discardPatches,
    answerUnknownRoutes: true,
    isOwnServer: true,
    configPaths: configPath ? [configPath] : [],
    extend: ({ comis, rpc }) => {
      settings = comis.config.gateway // with what was changed at run time before
      readiness = comis.readiness
      rpc.method(setLogLevel(logger))
    }
  })
  const { host, port, allowInsecureHttp } = settings
  app.addHook('preClose', async () => endConnections())
  if (tls && material) followCertificates(app, tls, material)
  stopOnSignal(app, settings, () => readiness?.end(), tls ? ['SIGHUP'] : [])
  if (!tls && !allowInsecureHttp && !isLoopback(host)) {
    logger.warn(
      'plain HTTP on an address that others reach: tokens travel in the clear (gateway.allowInsecureHttp silences this)'
    )
  }
  const address = await app.listen({ host, port, listenTextResolver: (at) => `listening at ${at}` })
  logger.info({ version: VERSION, config: configPath, dataDir: config.dataDir }, 'ready')
  process.stdout.write(`comis-gateway ${VERSION} is listening at ${address}\n`)
}

/** Lines for people where a person looks on, JSON everywhere else; on standard error, so that output stays readable. */
async function openLog(level: string): Promise<Logger> {
  if (!process.stderr.isTTY) return pino({ level }, pino.destination({ dest: 2, sync: true }))
  const { default: pretty } = await import('pino-pretty')
  return pino({ level }, pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' }))
}

/** Where it ends TLS, its certificates are those that its files hold, also after they were renewed. */
function followCertificates(app: FastifyInstance, tls: TlsConfig, material: TlsMaterial): void {
  const { log } = app
  const server: unknown = app.server
  if (!(server instanceof TlsServer)) return
  const end = reloadTls({
    server,
    tls,
    material,
    onReloaded: () => log.info('the certificates were loaded again'),
    onError: (error) =>
      log.error({ error: describe(error) }, 'the certificates were not loaded: those from before stay')
  })
  app.addHook('onClose', async () => end())
}

/** @param drain requests are to go elsewhere: called first, and given `drainMs` to be noticed */
function stopOnSignal(
  app: FastifyInstance,
  { shutdownGraceMs, drainMs }: Config['gateway'],
  drain: () => void,
  skip: 'SIGHUP'[]
): void {
  const delay = drainMs + shutdownGraceMs + CLOSE_MS
  closeWithGrace({ delay, logger: app.log, skip }, async ({ signal, err }) => {
    if (err) app.log.fatal({ err }, 'stopping: an error that nothing caught')
    else app.log.info({ signal }, 'stopping')
    drain()
    if (!err) await sleep(drainMs)
    await app.close()
  })
}

/** What Fastify refuses before any route is found, in the form of its surface. */
function answerBadAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const failure = toFailure(error, 0)
  const form = pathOf(request.url).startsWith('/v1/') ? openAiForm : restForm
  void reply.code(failure.status).send(form(failure))
}

/** Ids that are unique over all starts and short enough to read out. */
function requestIds(): () => string {
  const start = Date.now().toString(36)
  let requests = 0
  return () => `${start}-${(++requests).toString(36)}`
}

function describe(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  const { code, message, stack } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return `The port is in use: ${message}`
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') return `Cannot listen: ${message}`
  return stack ?? String(error)
}

try {
  const command = loadCommand(process.argv.slice(2), process.env)
  if (command.run === 'serve') await serve(command)
  else process.stdout.write(command.run === 'help' ? USAGE : `${VERSION}\n`)
} catch (error) {
  process.stderr.write(`${describe(error)}\n`)
  process.exit(1)
}
