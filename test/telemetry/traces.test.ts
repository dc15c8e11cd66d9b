import { context, trace } from '@opentelemetry/api'
import t, { type Test } from 'tap'
import { bearer, buildGateway, listenGateway } from '../support/gateway.ts'
import { type SentSpan, startCollector } from '../support/otlp.ts'
import { startUpstream } from '../upstream/start.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`

async function serve(t: Test, telemetry: object = {}) {
  const [upstream, collector] = await Promise.all([startUpstream(), startCollector(t)])
  t.teardown(() => upstream.stop())
  const { url, app } = await listenGateway(t, {
    gateway: { telemetry: { otlpEndpoint: collector.url, ...telemetry } },
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: {
      default: { name: 'Tess', provider: 'up', model: 'tool', tools: ['current_time'] },
      loose: { provider: 'up', model: 'status-500' }
    }
  })
  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const all = { ...bearer(), 'content-type': 'application/json', ...headers }
    return (await fetch(url + path, { method: 'POST', headers: all, body: JSON.stringify(body) })).text()
  }
  return { url, app, collector, upstream, post }
}

const named = (spans: SentSpan[], name: string) => spans.filter((span) => span.name === name)

t.test('a request, its turn, its calls of the model and its tool are one trace, which the client began', async (t) => {
  const { collector, upstream, app, post } = await serve(t, { headers: { 'x-key': 'k' }, serviceName: 'mine' })
  await post('/api/chat?token=secret', { message: 'what time', sessionKey: 's' }, { traceparent: TRACEPARENT })
  const provided = trace.getTracerProvider()
  const asked = await upstream.requests()
  await app.close()

  const spans = await collector.spans()
  const [http] = named(spans, 'POST /api/chat')
  t.match(http, { traceId: TRACE, parentSpanId: PARENT, kind: 2, resource: { 'service.name': 'mine' } })
  t.match(http?.attributes, { 'http.request.method': 'POST', 'http.route': '/api/chat', 'url.path': '/api/chat' })
  t.equal(http?.attributes['http.response.status_code'], 200)
  const [turn] = named(spans, 'invoke_agent Tess')
  t.match(turn, { traceId: TRACE, parentSpanId: http?.spanId })
  t.match(turn?.attributes, {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.id': 'default',
    'gen_ai.conversation.id': 's',
    'gen_ai.response.finish_reasons': ['stop']
  })
  const calls = named(spans, 'chat tool')
  t.equal(calls.length, 2)
  for (const call of calls) t.match(call, { traceId: TRACE, parentSpanId: turn?.spanId, kind: 3 })
  t.match(calls[0]?.attributes, {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'up',
    'gen_ai.request.model': 'tool',
    'gen_ai.response.model': 'tool',
    'gen_ai.response.finish_reasons': ['tool_calls']
  })
  t.ok(Number(calls[0]?.attributes['gen_ai.usage.input_tokens']) > 0)
  const [tool] = named(spans, 'execute_tool current_time')
  t.match(tool, { traceId: TRACE, parentSpanId: turn?.spanId, attributes: { 'gen_ai.tool.name': 'current_time' } })
  t.same(
    asked.map(({ headers }) => headers.traceparent),
    calls.map(({ spanId }) => `00-${TRACE}-${spanId}-01`),
    'providers go on with it'
  )
  t.equal((await collector.headers())['x-key'], 'k')
  t.notMatch(JSON.stringify(spans), /what time|secret/, 'nothing that was said, and no token')
  t.equal(provided, trace.getTracerProvider())
  t.equal(trace.getActiveSpan(), undefined, 'the host’s global context is not touched')
  t.equal(context.active(), context.active())
})

t.test('a failure is told by its kind', async (t) => {
  const { collector, post, app } = await serve(t)
  await post('/api/chat', { message: 'x', agentId: 'loose' }, { traceparent: '00-0-not-valid' })
  await app.close()
  const spans = await collector.spans()
  const calls = named(spans, 'chat status-500')
  t.equal(calls.length, 2, 'the retry is a call of its own')
  for (const { status, attributes } of calls) {
    t.match({ status, attributes }, { status: { code: 2 }, attributes: { 'error.type': 'provider_failed' } })
  }
  t.match(named(spans, 'POST /api/chat')[0], { status: { code: 2 }, attributes: { 'error.type': '502' } })
  t.notOk(named(spans, 'POST /api/chat')[0]?.parentSpanId)
})

t.test('sampled out, only what a client began is sent', async (t) => {
  const { collector, post, app } = await serve(t, { sampleRatio: 0 })
  await post('/api/chat', { message: 'x' })
  await post('/api/chat', { message: 'x' }, { traceparent: TRACEPARENT })
  await app.close()
  t.same([...new Set((await collector.spans()).map(({ traceId }) => traceId))], [TRACE])
})

t.test('a collector that is gone harms nothing', async (t) => {
  const app = await buildGateway(t, {
    gateway: { telemetry: { otlpEndpoint: 'http://127.0.0.1:1' } },
    agents: { default: { provider: 'builtin', model: 'echo' } }
  })
  const answer = await app.inject({ method: 'POST', url: '/api/chat', headers: bearer(), payload: { message: 'hi' } })
  t.equal(answer.statusCode, 200)
  const from = performance.now()
  await app.close()
  t.ok(performance.now() - from < 5000, 'and does not keep it from closing')
})
