import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { listenGateway, SECRETS, bearer } from '../support/gateway.ts'
import { openBrowser, openTab, withoutBrowser } from '../support/browser.ts'
import { watch } from '../support/watch.ts'

/**
 * What a page of someone else's tries, with a token that it should not have: so that nothing but the guard is in its way.
 * It runs in the browser, with `gateway`, `token` and `media` at hand.
 */
const ATTACK = `
  const query = 'token=' + token
  const headers = { authorization: 'Bearer ' + token }
  const opens = (target, event) =>
    new Promise((resolve, reject) => {
      target.addEventListener(event, resolve)
      target.addEventListener('error', reject)
      setTimeout(reject, 5000)
    })
  const read = async (path, options) => {
    const answer = await fetch(gateway + path, options)
    if (!answer.ok) throw new Error(answer.status)
  }
  const shows = (path) => {
    const image = new Image()
    image.src = gateway + path
    return opens(image, 'load')
  }
  const tried = {
    'fetch with a token': () => read('/api/agents', { headers }),
    'fetch of metrics': () => read('/metrics'),
    'fetch of a file': () => read('/media/' + media + '?again'), // the cache lets one request for an address wait for another
    'a WebSocket': () => opens(new WebSocket(gateway.replace('http', 'ws') + '/ws?' + query), 'open'),
    'an EventSource': () => opens(new EventSource(gateway + '/api/events?' + query), 'open'),
    'an EventSource that starts a turn': () =>
      opens(new EventSource(gateway + '/api/chat/stream?message=hi&' + query), 'open'),
    'an image': () => shows('/media/' + media)
  }
  const outcome = (work) => work().then(() => 'got through', () => 'refused')
  const names = Object.keys(tried)
  const outcomes = await Promise.all(names.map((name) => outcome(tried[name])))
  return Object.fromEntries(names.map((name, at) => [name, outcomes[at]]))`

const BLIND = ['/api/chat', '/rpc', '/v1/responses', '/v1/chat/completions', '/api/tickets']

/** What a page can send although it may not read the answer. */
const SEND_BLINDLY = `
  for (const path of ${JSON.stringify(BLIND)}) {
    await fetch(gateway + path, { method: 'POST', mode: 'no-cors', body: '{}' }).catch(() => {})
    navigator.sendBeacon(gateway + path, '{}')
  }
  const frame = document.createElement('iframe')
  frame.name = 'frame'
  const form = document.createElement('form')
  Object.assign(form, { method: 'POST', enctype: 'text/plain', target: 'frame', action: gateway + '/rpc?token=' + token })
  const input = document.createElement('input')
  Object.assign(input, { name: '{"jsonrpc":"2.0","id":1,"method":"system.ping","a":"', value: '"}' })
  form.append(input)
  document.body.append(frame, form)
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
  form.submit()
  await Promise.race([loaded, new Promise((resolve) => setTimeout(resolve, 5000))])`

interface Target {
  gateway: string
  token: string
  media: string
}

const run = (page: Page, script: string, { gateway, token, media }: Target) =>
  page.evaluate(
    `(async (gateway, token, media) => {${script}})(${[gateway, token, media].map((it) => JSON.stringify(it)).join()})`
  )
const attack = (page: Page, target: Target) => run(page, ATTACK, target) as Promise<Record<string, string>>

/** A page of someone else's, on a port of its own. */
async function startPage(t: Test): Promise<number> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>evil</title><body></body>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

t.test('a page of someone else’s, in a real browser', { skip: withoutBrowser() }, async (t) => {
  const { url: gateway } = await listenGateway(t, {
    isOwnServer: true,
    gateway: { metrics: 'public', media: { public: true } }
  })
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64'
  )
  const upload = await fetch(`${gateway}/media`, {
    method: 'POST',
    headers: { ...bearer(), 'content-type': 'image/png' },
    body: png
  })
  const { id: media } = (await upload.json()) as { id: string }
  const port = await startPage(t)
  const rebound = `--host-resolver-rules=MAP evil.example 127.0.0.1`
  const browser = await openBrowser(t, [rebound])
  const tried = { gateway, token: SECRETS.all, media }

  for (const site of [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://evil.example:${port}`]) {
    await t.test(`of ${site.replace(/:\d+$/, '')}`, async (t) => {
      const { page } = await openTab(browser)
      await page.goto(site)
      const outcomes = await attack(page, tried)
      for (const [what, outcome] of Object.entries(outcomes)) t.equal(outcome, 'refused', what)
      await run(page, SEND_BLINDLY, tried)
    })
  }

  await t.test('by a name of its own that leads to the gateway', async (t) => {
    const { page } = await openTab(browser, { bypassCSP: true })
    const own = gateway.replace('127.0.0.1', 'evil.example')
    await page.goto(`${own}/health`)
    const outcomes = await attack(page, { ...tried, gateway: own })
    for (const [what, outcome] of Object.entries(outcomes)) t.equal(outcome, 'refused', what)
  })

  await t.test('the gateway’s own page', async (t) => {
    const { page } = await openTab(browser, { bypassCSP: true })
    await page.goto(`${gateway}/metrics`)
    const outcomes = await attack(page, tried)
    for (const [what, outcome] of Object.entries(outcomes)) t.equal(outcome, 'got through', what)
  })

  const counts = (await (await fetch(`${gateway}/metrics`)).text()).split('\n')
  const posts = (path: string, status: string) =>
    counts.some((line) =>
      line.startsWith(`comis_http_requests_total{method="POST",route="${path}",status="${status}"}`)
    )
  for (const path of BLIND) t.same([posts(path, '4xx'), posts(path, '2xx')], [true, false], `${path}, sent blindly`)
  const seen = await watch(t, gateway, { lastEventId: '0', query: '?types=message:*,audit:*' })
  await seen.until(() => seen.of('message:received').length > 0)
  t.equal(seen.of('message:received').length, 1, 'the only turn is that of the gateway’s own page')
  t.match(seen.of('audit:event')[0], { outcome: 'refused' }, 'and admins are told')
})
