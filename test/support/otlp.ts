import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'
import { waitUntil } from './watch.ts'

/** A span as it came over the wire. */
export interface SentSpan {
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  kind: number
  status: { code?: number; message?: string }
  attributes: Record<string, unknown>
  resource: Record<string, unknown>
}

export interface Collector {
  url: string
  spans(): Promise<SentSpan[]>
  /** Resolves to all that came once there is one of this name. */
  until(name: string): Promise<SentSpan[]>
  /** Of the first request. */
  headers(): Promise<Record<string, string>>
}

type Value = Record<string, unknown>
interface KeyValue {
  key: string
  value: Value
}
interface Body {
  resourceSpans: {
    resource: { attributes: KeyValue[] }
    scopeSpans: { spans: (Omit<SentSpan, 'attributes'> & { attributes: KeyValue[] })[] }[]
  }[]
}

export async function startCollector(t: Test): Promise<Collector> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'otlp-collector.ts')], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  t.teardown(async () => {
    const exit = once(child, 'exit')
    child.stdin.end()
    await exit
  })
  const [port] = await once(child.stdout.setEncoding('utf8'), 'data')
  const url = `http://127.0.0.1:${String(port).trim()}`
  const received = async () => (await (await fetch(url)).json()) as { headers: Record<string, string>; body: Body }[]
  const spans = async () => (await received()).flatMap(({ body }) => toSpans(body))
  return {
    url,
    spans,
    async until(name) {
      await waitUntil(async () => (await spans()).some((span) => span.name === name))
      return spans()
    },
    headers: async () => (await received())[0]?.headers ?? {}
  }
}

const toSpans = ({ resourceSpans }: Body): SentSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({ ...span, attributes: plain(span.attributes), resource: plain(resource.attributes) }))
    )
  )

const plain = (all: KeyValue[]) => Object.fromEntries(all.map(({ key, value }) => [key, plainValue(value)]))

function plainValue(value: Value): unknown {
  const list = value.arrayValue as { values: Value[] } | undefined
  return list ? list.values.map(plainValue) : Object.values(value)[0]
}
