import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { SECRETS, temporaryFolder, TOKENS } from '../support/gateway.ts'
import { startProcess } from '../support/process.ts'

const TIMEOUTS = { headersMs: 800, bodyMs: 800, keepAliveMs: 400 }
const AUTHORIZATION = `authorization: Bearer ${SECRETS.all}`

async function serve(t: Test) {
  const cwd = await temporaryFolder(t)
  const config = { gateway: { port: 0, tokens: TOKENS, timeouts: TIMEOUTS }, providers: {}, dataDir: join(cwd, 'data') }
  await writeFile(join(cwd, 'comis-gateway.yaml'), JSON.stringify(config))
  const process = startProcess(t, { cwd, args: ['--log-level', 'trace'] })
  return { process, url: await process.url() }
}
const { process: gateway, url } = await serve(t)

async function open(t: Test): Promise<{ socket: Socket; text(): string; closed: Promise<number> }> {
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => socket.destroy())
  let text = ''
  socket.on('error', () => {}).on('data', (piece: Buffer) => (text += piece.toString()))
  const ended = new Promise<number>((resolve) => socket.once('close', () => resolve(performance.now())))
  await once(socket, 'connect')
  const at = performance.now()
  const closed = ended.then((end) => end - at)
  return { socket, text: () => text, closed }
}

/** Sends a byte again and again, for as long as the other side takes it. */
function dribble(t: Test, socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 50)
  t.teardown(() => clearInterval(timer))
  socket.once('close', () => clearInterval(timer))
}

const LATE = 5000

t.test('headers that dribble', async (t) => {
  const { socket, text, closed } = await open(t)
  socket.write(`GET /api/agents HTTP/1.1\r\nhost: localhost\r\n${AUTHORIZATION}\r\nx-slow: `)
  dribble(t, socket, 'x')
  t.ok((await closed) < LATE)
  t.match(text(), /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*gateway\.timeouts/)
})

t.test('a body that dribbles, with a token and without', async (t) => {
  for (const head of [AUTHORIZATION, 'x-none: 1']) {
    for (const length of ['content-length: 100000', 'transfer-encoding: chunked']) {
      const { socket, closed } = await open(t)
      const lines = ['POST /api/chat HTTP/1.1', 'host: localhost', 'content-type: application/json', head, length]
      socket.write([...lines, '', ''].join('\r\n'))
      dribble(t, socket, length.startsWith('t') ? '1\r\n \r\n' : ' ')
      t.ok((await closed) < LATE, `${head.slice(0, 8)} ${length}`)
    }
  }
})

t.test('a connection that is idle', async (t) => {
  const { socket, text, closed } = await open(t)
  socket.write(`GET /api/agents HTTP/1.1\r\nhost: localhost\r\n${AUTHORIZATION}\r\n\r\n`)
  t.ok((await closed) < LATE)
  t.match(text(), /^HTTP\/1\.1 200/)
})

t.test('a stream is not cut off, however long it lasts', async (t) => {
  const { socket, text, closed } = await open(t)
  socket.write(`GET /api/events HTTP/1.1\r\nhost: localhost\r\n${AUTHORIZATION}\r\n\r\n`)
  const ended = await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 2500, 'open'))])
  t.equal(ended, 'open')
  t.match(text(), 'retry: 3000')
})

t.test('headers that are too large, and what is no HTTP', async (t) => {
  const cases: [sent: string, answer: RegExp][] = [
    [`GET / HTTP/1.1\r\nhost: localhost\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    [`GET / HTTP/1.1\r\n${AUTHORIZATION}\r\nhost: a\u0000\r\n\r\n`, /^HTTP\/1\.1 400 /],
    ['nothing of the kind\r\n\r\n', /^HTTP\/1\.1 400 /]
  ]
  for (const [sent, answer] of cases) {
    const { socket, text, closed } = await open(t)
    socket.write(sent)
    await closed
    t.match(text(), answer)
    t.match(text(), /\r\n\r\n\{"error":"[\w ]+"\}$/)
  }
  t.notMatch(gateway.output().stderr, /rawPacket|all-scopes/, 'and no log holds what was read of it')
})
