import type { Config } from '../config/schema.ts'
import { readSecret } from '../config/secret.ts'
import type { Tracer } from './tracer.ts'

type Env = Record<string, string | undefined>

export interface TelemetrySettings {
  /** Where spans are posted; undefined: where the environment says. */
  url: string | undefined
  headers: Record<string, string> | undefined
  serviceName: string | undefined
  sampleRatio: number | undefined
  /** Spans could not be sent. Told at most once a minute. */
  onError(error: unknown): void
}

/**
 * Opens what sends traces, if the configuration or the environment names a collector. All that it takes is only loaded
 * then.
 * @throws ConfigError for a secret file that cannot be read
 */
export async function openTelemetry(
  { gateway: { telemetry } }: Config,
  env: Env,
  onError: (error: unknown) => void
): Promise<Tracer | undefined> {
  if (telemetry === false || env.OTEL_SDK_DISABLED === 'true') return undefined
  const { otlpEndpoint, headers, serviceName, sampleRatio } = telemetry ?? {}
  if (otlpEndpoint === undefined && !isInEnvironment(env)) return undefined
  const { openOtel } = await import('./otel.ts')
  return openOtel({
    url: otlpEndpoint === undefined ? undefined : tracesOf(otlpEndpoint),
    headers: headers && readHeaders(headers),
    serviceName,
    sampleRatio,
    onError
  })
}

const isInEnvironment = (env: Env) =>
  env.OTEL_TRACES_EXPORTER !== 'none' &&
  Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT)

/** As `OTEL_EXPORTER_OTLP_ENDPOINT` it names the collector, and what of it takes traces is known. */
function tracesOf(endpoint: string): string {
  const base = endpoint.replace(/\/+$/, '')
  return base.endsWith('/v1/traces') ? base : `${base}/v1/traces`
}

type Headers = NonNullable<Exclude<Config['gateway']['telemetry'], false>>['headers']

const readHeaders = (headers: NonNullable<Headers>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, secret]) => [name, readSecret(secret, `gateway.telemetry.headers.${name}`)])
  )
