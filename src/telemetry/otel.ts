import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Context,
  isSpanContextValid,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler
} from '@opentelemetry/sdk-trace-node'
import { VERSION } from '../instance.ts'
import type { TelemetrySettings } from './open.ts'
import type { Span, SpanOptions, Tracer } from './tracer.ts'

const EXPORT_MS = 5000
const CLOSE_MS = 3000
const WARN_EVERY_MS = 60_000
/** What is finished while the collector is slow or gone; what is more is dropped. */
const MOST_WAITING = 2048

/**
 * A provider of this gateway's own: the global one, and the context that is passed on in a process, are a host's.
 * What no setting says, the environment does (`OTEL_EXPORTER_OTLP_*`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, …).
 */
export function openOtel({ url, headers, serviceName, sampleRatio, onError }: TelemetrySettings): Tracer {
  const exporter = new OTLPTraceExporter({
    ...(url !== undefined && { url }),
    ...(headers && { headers }),
    timeoutMillis: EXPORT_MS
  })
  const processor = new BatchSpanProcessor(telling(exporter, onError), {
    maxQueueSize: MOST_WAITING,
    exportTimeoutMillis: EXPORT_MS
  })
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'comis-gateway', 'service.version': VERSION }))
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(resourceFromAttributes(serviceName === undefined ? {} : { 'service.name': serviceName })),
    ...(sampleRatio !== undefined && {
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) })
    }),
    spanProcessors: [processor]
  })
  const otel = provider.getTracer('comis-gateway', VERSION)
  const current = new AsyncLocalStorage<Context>()

  function start(name: string, { kind, attributes, traceparent }: SpanOptions): Span {
    const parent = (traceparent && remote(traceparent)) || current.getStore() || ROOT_CONTEXT
    const span = otel.startSpan(name, { kind: KINDS[kind], attributes }, parent)
    const { traceId, spanId, traceFlags } = span.spanContext()
    return {
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      set: (more) => void span.setAttributes(more),
      fail: (type) => fail(span, type),
      end: () => span.end(),
      run: (work) => current.run(trace.setSpan(parent, span), work)
    }
  }

  return { start, close: () => within(provider.shutdown(), CLOSE_MS) }
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL }

function fail(span: OtelSpan, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** Later versions may say more behind a dash; version `ff` does not exist. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/

function remote(traceparent: string): Context | undefined {
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(traceparent) ?? []
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
  return isSpanContextValid(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : undefined
}

/** Spans that are lost are no reason to fail, and one to say so, not too often. */
function telling(exporter: SpanExporter, onError: (error: unknown) => void): SpanExporter {
  let toldAt = -Infinity
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error && performance.now() - toldAt > WARN_EVERY_MS) {
          toldAt = performance.now()
          onError(result.error)
        }
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve()
  }
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  const { promise: tooLate, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work.catch(() => undefined), tooLate]) // what failed has been told
  clearTimeout(timer)
}
