import * as fc from 'fast-check'
import t from 'tap'
import { WebSocket } from 'ws'
import { bearer, listenGateway } from '../../support/gateway.ts'
import { connect, type Message, post, socketUrl } from '../../support/socket.ts'

const limits = {
  gateway: { wsMessageRateLimit: { maxMessages: 100_000, windowMs: 1000 }, wsMaxMessageBytes: 4_194_304 }
}
const CODES = new Set([-32_700, -32_600, -32_601, -32_602, -32_603, -32_000])
const METHODS = [
  'system.ping',
  'agents.get',
  'config.get',
  'memory.browse',
  'memory.search',
  'turn.cancel',
  'rpc.cancel'
]
/** What the process must never have learned from a client. */
const clean = () => Object.keys(Object.prototype).length === 0 && ({} as { polluted?: unknown }).polluted === undefined

/** One answer is a result or an error of a known code, under an id that was sent or none. */
function isAnswer(message: unknown): boolean {
  const { jsonrpc, id, result, error, ...more } = message as Message
  if (jsonrpc !== '2.0' || Object.keys(more).length > 0 || id === undefined) return false
  if ((result === undefined) === (error === undefined)) return false
  return error === undefined || (CODES.has(error.code) && typeof error.message === 'string')
}
const isReply = (reply: unknown) =>
  reply === undefined || (Array.isArray(reply) ? reply.length > 0 && reply.every(isAnswer) : isAnswer(reply))

const id = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.double(), fc.constant(1e308), fc.jsonValue())
const params = fc.oneof(
  fc.jsonValue({ depthSize: 'large' }),
  fc.dictionary(
    fc.constantFrom('__proto__', 'constructor', 'prototype', 'path', 'id', 'limit', 'query'),
    fc.jsonValue()
  ),
  fc.array(fc.jsonValue())
)
const request = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant('2.0') }, { weight: 1, arbitrary: fc.jsonValue() }),
    method: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...METHODS) }, { weight: 1, arbitrary: fc.jsonValue() }),
    params,
    id
  },
  { requiredKeys: [] }
)
const message = fc.oneof(fc.jsonValue(), request, fc.array(fc.oneof(request, fc.jsonValue()), { maxLength: 60 }))
/** JSON whose objects have a member twice, and prototypes where none should be. */
const hostile = fc.oneof(
  message.map((value) => JSON.stringify(value)),
  fc.string({ unit: 'binary' }),
  fc.tuple(message, fc.nat(200)).map(([value, length]) => JSON.stringify(value).slice(0, length)),
  fc
    .json()
    .map(
      (text) => `{"jsonrpc":"2.0","id":1,"id":${text},"method":"system.ping","method":"config.get","__proto__":${text}}`
    ),
  fc
    .json()
    .map(
      (text) => `{"jsonrpc":"2.0","id":1,"method":"config.get","params":{"__proto__":{"polluted":${text}},"path":"a"}}`
    )
)

t.test('whatever is posted is answered', async (t) => {
  const { url } = await listenGateway(t, limits)
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      const { status, json } = await post(url, text)
      return (status === 200 || (status === 204 && json === undefined)) && isReply(json) && clean()
    }),
    { numRuns: 400 }
  )
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const { status, json } = await post(url, bytes)
      return status === 200 && isReply(json)
    }),
    { numRuns: 200 }
  )
  t.match((await post(url, '{"jsonrpc":"2.0","id":1,"method":"system.ping"}')).json, { result: { pong: true } })
})

t.test('whatever a WebSocket brings is answered, and it stays open', async (t) => {
  const { url } = await listenGateway(t, limits)
  const socket = await connect(t, url)
  let runs = 0
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      socket.messages.length = 0
      socket.send(text)
      const marker = `marker-${++runs}`
      // What is behind it in a batch is answered behind it.
      socket.send([{ jsonrpc: '2.0', id: marker, method: 'system.ping' }])
      await socket.until(() => socket.messages.some((one) => Array.isArray(one) && one[0]?.id === marker))
      return socket.messages.every(isReply) && socket.ws.readyState === WebSocket.OPEN && clean()
    }),
    { numRuns: 400 }
  )
  t.match(await socket.call('system.ping'), { result: { pong: true } })
})

t.test('bytes that are no frames, or no UTF-8, close that socket and harm no other', async (t) => {
  const { url } = await listenGateway(t, limits)
  const socket = await connect(t, url)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.boolean(), async (bytes, raw) => {
      const other = new WebSocket(socketUrl(url), { headers: bearer() })
      const closed = new Promise<void>((resolve) => other.once('close', () => resolve()))
      other.on('error', () => {})
      await new Promise<void>((resolve) => other.once('open', () => resolve()))
      // Cut within a character of three bytes, or not framed at all.
      if (raw) (other as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket.write(bytes)
      else other.send(Buffer.concat([bytes, Buffer.from([0xe2, 0x82])]), { binary: false })
      if (raw) other.terminate()
      await closed
      return true
    }),
    { numRuns: 60 }
  )
  t.match(await socket.call('system.ping'), { result: { pong: true } })
})

const deep = (depth: number, open: string, close: string, inner = '') =>
  open.repeat(depth) + inner + close.repeat(depth)
const call = (params: string, id = '1') => `{"jsonrpc":"2.0","id":${id},"method":"system.ping","params":${params}}`

t.test('the worst by hand, over both transports', async (t) => {
  const { url } = await listenGateway(t, limits)
  const socket = await connect(t, url)
  const calls = (count: number) => `[${Array.from({ length: count }, (_, n) => call('{}', String(n))).join(',')}]`
  const cases: [name: string, text: string, expected: object][] = [
    ['arrays in arrays', deep(200_000, '[', ']'), { error: { code: -32_600 }, id: null }],
    ['objects in objects', deep(100_000, '{"a":', '}', '1'), { error: { code: -32_600 } }],
    ['deep params', call(deep(100_000, '[', ']')), { error: { code: -32_600 }, id: null }],
    ['a deep id', call('{}', deep(100_000, '[', ']')), { error: { code: -32_600 }, id: null }],
    ['never closed', '['.repeat(500_000), { error: { code: -32_700 } }],
    ['10,000 calls', calls(10_000), { error: { message: 'Batch size 10000 exceeds maximum of 50' } }],
    ['a long id', call('{}', `"${'x'.repeat(900_000)}"`), { result: { pong: true } }],
    ['an id of many digits', call('{}', '9'.repeat(400)), { error: { code: -32_600 }, id: null }],
    ['an id that would come back as another', call('{}', '9007199254740993'), { error: { code: -32_600 }, id: null }],
    ['the largest id', call('{}', '9007199254740991'), { result: {}, id: Number.MAX_SAFE_INTEGER }],
    ['a fraction', call('{}', '-1.5'), { result: {}, id: -1.5 }],
    ['an empty id', call('{}', '""'), { result: {}, id: '' }],
    ['no params', call('null'), { result: {} }],
    ['many params', call(`[${'1,'.repeat(400_000)}1]`), { error: { code: -32_602 } }],
    ['half a character, escaped', call('{}', String.raw`"\ud800"`), { result: {} }]
  ]
  for (const [name, text, expected] of cases) {
    t.match((await post(url, text)).json, expected, `${name}, posted`)
    socket.messages.length = 0
    socket.send(text)
    await socket.until(1)
    t.match(socket.messages[0], expected, name)
  }
  t.ok(clean())
})
