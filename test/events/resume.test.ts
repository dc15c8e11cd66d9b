import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { bearer, temporaryFolder, TOKENS } from '../support/gateway.ts'
import { type GatewayProcess, startProcess } from '../support/process.ts'
import { watch } from '../support/watch.ts'

const config = {
  gateway: { tokens: TOKENS, rateLimit: { maxRequests: 1_000_000 }, shutdownGraceMs: 200 },
  providers: {},
  agents: { default: { provider: 'builtin', model: 'echo' } }
}

async function start(t: Test, folder: string): Promise<{ gateway: GatewayProcess; url: string }> {
  const args = ['--config', join(folder, 'config.json'), '--data-dir', join(folder, 'data'), '--port', '0']
  const gateway = startProcess(t, { args, cwd: folder })
  return { gateway, url: await gateway.url() }
}

/** Clients that go on saying something until the gateway is gone. */
function chatter(url: string, clients: number): { stop(): void; ended: Promise<unknown> } {
  const stopping = new AbortController()
  async function talk(client: number): Promise<void> {
    for (let n = 0; !stopping.signal.aborted; n++) {
      const body = JSON.stringify({ message: `message ${n}`, sessionKey: `s${client}-${n % 3}` })
      const headers = { ...bearer(), 'content-type': 'application/json' }
      const answer = await fetch(`${url}/api/chat`, { method: 'POST', headers, body })
      await answer.text()
    }
  }
  const ended = Promise.allSettled(Array.from({ length: clients }, (_, client) => talk(client)))
  return { stop: () => stopping.abort(), ended }
}

t.test('a reader that comes again misses nothing and gets nothing twice', async (t) => {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const seen: number[] = []
  let { gateway, url } = await start(t, folder)
  let talk = chatter(url, 4)

  for (const how of ['drop', 'SIGKILL', 'drop', 'SIGTERM', 'SIGKILL'] as const) {
    const reader = await watch(t, url, { lastEventId: String(seen.at(-1) ?? 0) })
    await reader.until(() => reader.ids().length >= 100)
    if (how === 'drop') {
      await reader.leave()
      seen.push(...reader.ids())
      continue
    }
    gateway.child.kill(how)
    t.equal(await gateway.exit, how === 'SIGTERM' ? 0 : how)
    await reader.ended
    talk.stop()
    await talk.ended
    seen.push(...reader.ids())
    ;({ gateway, url } = await start(t, folder))
    talk = chatter(url, 4)
  }
  talk.stop()
  await talk.ended

  const whole = await watch(t, url, { lastEventId: '0' })
  const last = await watch(t, url, { lastEventId: String(seen.at(-1)) })
  await whole.until(() => whole.ids().at(-1) === last.ids().at(-1) && (last.ids().at(-1) ?? 0) > (seen.at(-1) ?? 0))
  seen.push(...last.ids())
  t.ok(seen.length > 500, `${seen.length} events`)
  t.same(seen, whole.ids(), 'what came in pieces is what is kept')
  t.same(
    [...new Set(seen)].toSorted((a, b) => a - b),
    seen
  )
  t.equal(whole.events.filter(({ event }) => event === 'gap').length, 0)
  t.equal(last.events.filter(({ event }) => event === 'gap').length, 0)
})
