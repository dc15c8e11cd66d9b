import type { FastifyInstance } from 'fastify'
import t from 'tap'
import Type from 'typebox'
import { defineMethod } from '../../../src/gateway.ts'
import { listenGateway } from '../../support/gateway.ts'
import { connect, post } from '../../support/socket.ts'

const n = Type.Number()
const some = Type.Optional(Type.Number())
const five = Type.Object({ a: some, b: some, c: some, d: some, e: some })

/** The methods that the examples of the specification call. */
function addExamples({ rpc }: FastifyInstance): void {
  rpc.method(
    defineMethod({
      name: 'subtract',
      summary: 'Subtract',
      params: Type.Object({ minuend: n, subtrahend: n }),
      result: n,
      handler: ({ minuend, subtrahend }) => minuend - subtrahend
    })
  )
  rpc.method(
    defineMethod({
      name: 'sum',
      summary: 'Add',
      params: five,
      result: n,
      handler: async (given) => Object.values(given).reduce((sum, one) => sum + one, 0)
    })
  )
  for (const name of ['update', 'notify_hello', 'notify_sum']) {
    rpc.method(defineMethod({ name, summary: 'Hear', params: five, result: Type.Null(), handler: () => null }))
  }
  rpc.method(
    defineMethod({
      name: 'get_data',
      summary: 'Get',
      params: Type.Object({}),
      result: Type.Array(Type.Unknown()),
      handler: () => ['hello', 5]
    })
  )
}

/** Section 7 of the specification (https://www.jsonrpc.org/specification), verbatim: what is sent and what comes back. */
const EXAMPLES: [title: string, ...pairs: [sent: string, answer?: string][]][] = [
  [
    'rpc call with positional parameters',
    [
      '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
      '{"jsonrpc": "2.0", "result": 19, "id": 1}'
    ],
    [
      '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
      '{"jsonrpc": "2.0", "result": -19, "id": 2}'
    ]
  ],
  [
    'rpc call with named parameters',
    [
      '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
      '{"jsonrpc": "2.0", "result": 19, "id": 3}'
    ],
    [
      '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
      '{"jsonrpc": "2.0", "result": 19, "id": 4}'
    ]
  ],
  [
    'a Notification',
    ['{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}'],
    ['{"jsonrpc": "2.0", "method": "foobar"}']
  ],
  [
    'rpc call of non-existent method',
    [
      '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
      '{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}'
    ]
  ],
  [
    'rpc call with invalid JSON',
    [
      '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
      '{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}'
    ]
  ],
  [
    'rpc call with invalid Request object',
    [
      '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
      '{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}'
    ]
  ],
  [
    'rpc call Batch, invalid JSON',
    [
      `[
  {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
  {"jsonrpc": "2.0", "method"
]`,
      '{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}'
    ]
  ],
  [
    'rpc call with an empty Array',
    ['[]', '{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}']
  ],
  [
    'rpc call with an invalid Batch (but not empty)',
    [
      '[1]',
      `[
  {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}
]`
    ]
  ],
  [
    'rpc call with invalid Batch',
    [
      '[1,2,3]',
      `[
  {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
  {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
  {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}
]`
    ]
  ],
  [
    'rpc call Batch',
    [
      `[
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ]`,
      `[
        {"jsonrpc": "2.0", "result": 7, "id": "1"},
        {"jsonrpc": "2.0", "result": 19, "id": "2"},
        {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
        {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},
        {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}
    ]`
    ]
  ],
  [
    'rpc call Batch (all notifications)',
    [
      `[
        {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
    ]`
    ]
  ]
]

t.test('the examples of the specification, over HTTP', async (t) => {
  const { url } = await listenGateway(t, { extend: addExamples })
  for (const [title, ...pairs] of EXAMPLES) {
    for (const [sent, answer] of pairs) {
      const { status, json } = await post(url, sent)
      t.same([status, json], answer === undefined ? [204, undefined] : [200, JSON.parse(answer)], title)
    }
  }
})

t.test('the examples of the specification, over a WebSocket', async (t) => {
  const { url } = await listenGateway(t, { extend: addExamples })
  for (const [title, ...pairs] of EXAMPLES) {
    for (const [sent, answer] of pairs) {
      const socket = await connect(t, url)
      socket.send(sent)
      await socket.call('system.ping')
      if (answer !== undefined) await socket.until(2)
      const answers = socket.messages.filter((message) => Array.isArray(message) || message.id !== 'call-1')
      t.same(answers, answer === undefined ? [] : [JSON.parse(answer)], title)
    }
  }
})
