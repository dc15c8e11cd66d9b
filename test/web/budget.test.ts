import type { CDPSession, Page } from 'playwright-core'
import t from 'tap'
import { GatewayClient } from '../../client/index.ts'
import { listenGateway, SECRETS, servicesOf } from '../support/gateway.ts'
import { openBrowser, openTab, settled, withoutBrowser } from '../support/browser.ts'

const MOST_BYTES = 80 * 1024
const LONGEST_TASK_MS = 50
const AGENTS = { default: { provider: 'builtin', model: 'echo' } }
const skip = withoutBrowser()

interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  tdur?: number
  args?: { name?: string }
}

/**
 * What the page's main thread computes meanwhile: each task by the processor time it took, in milliseconds. That of the
 * clock would grow with whatever else the machine does.
 */
async function tasksOf(cdp: CDPSession, work: () => Promise<void>): Promise<number[]> {
  const events: TraceEvent[] = []
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['toplevel', 'disabled-by-default-devtools.timeline'] }
  })
  await work()
  const complete = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve))
  await cdp.send('Tracing.end')
  await complete
  const mains = events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
  const isMain = (event: TraceEvent) => mains.some(({ pid, tid }) => pid === event.pid && tid === event.tid)
  return events.flatMap((event) =>
    event.ph === 'X' && /RunTask$/.test(event.name) && isMain(event) ? [(event.tdur ?? 0) / 1000] : []
  )
}

const longest = (tasks: number[]) => tasks.reduce((most, task) => Math.max(most, task), 0)

/** Scrolls through a list as a hand on a wheel does. */
async function scroll(page: Page, selector: string): Promise<void> {
  await page.locator(selector).hover()
  for (let step = 0; step < 30; step++) {
    await page.mouse.wheel(0, step < 20 ? -1500 : 4000)
    await page.waitForTimeout(30)
  }
}

t.test('the first load is small', { skip }, async (t) => {
  const { url } = await listenGateway(t, { agents: AGENTS })
  const { page } = await openTab(await openBrowser(t))
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.enable')
  let bytes = 0
  cdp.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  await page.goto(`${url}/app/#token=${SECRETS.all}`)
  await settled(page)
  await page.waitForTimeout(500)
  t.comment(`${bytes} bytes`)
  t.ok(bytes > 20_000 && bytes < MOST_BYTES, `${bytes} bytes`)
})

t.test('ten thousand events, and a session of two thousand messages', { skip }, async (t) => {
  const { app, url } = await listenGateway(t, { agents: AGENTS })
  const services = await servicesOf(app)
  const client = new GatewayClient({ url, token: SECRETS.all })
  t.teardown(() => client.close())
  for (let turn = 0; turn < 1000; turn++) {
    const message = `Message **${turn}** with \`code\`\n\n* one\n* two\n`
    await client.rest('chat', { body: { message, sessionKey: 'long' } })
  }
  const { page } = await openTab(await openBrowser(t))
  await page.goto(`${url}/app/live#token=${SECRETS.all}`)
  await settled(page)
  await page.locator('.connection', { hasText: 'Connected' }).waitFor()
  const cdp = await page.context().newCDPSession(page)
  const live = await tasksOf(cdp, async () => {
    for (let burst = 0; burst < 100; burst++) {
      for (let n = 0; n < 100; n++) services.events.emit('agent:hot_added', { agentId: `agent-${burst}-${n}` })
      await page.waitForTimeout(20)
    }
    await page.locator('.live-row', { hasText: 'agent-99-99' }).waitFor()
    await scroll(page, '.live-list')
  })
  t.comment(`events: longest task ${longest(live).toFixed(1)} ms of ${live.length}`)
  t.ok(live.length > 100)
  t.ok(longest(live) < LONGEST_TASK_MS)
  t.ok((await page.locator('.live-row').count()) < 100, 'only what is seen is in the page')

  await page.goto(`${url}/app/chat?session=long`)
  await settled(page)
  await page.getByText('Message 999').last().waitFor()
  const said = await tasksOf(cdp, () => scroll(page, '.messages'))
  t.comment(`messages: longest task ${longest(said).toFixed(1)} ms of ${said.length}`)
  t.ok(longest(said) < LONGEST_TASK_MS)
  t.ok((await page.getByRole('article').count()) < 100)
})

t.test('an answer of five thousand pieces', { skip }, async (t) => {
  const pieces = 5000
  const everyMs = 4
  const { url } = await listenGateway(t, { agents: AGENTS })
  const { page } = await openTab(await openBrowser(t))
  await page.goto(`${url}/app/chat#token=${SECRETS.all}`)
  await settled(page)
  const message = Array.from({ length: pieces }, (_, n) => (n % 40 === 39 ? `word${n}\n\n` : `word${n}`)).join(' ')
  await page.getByRole('textbox', { name: 'Message' }).fill(message)
  const cdp = await page.context().newCDPSession(page)
  const tasks = await tasksOf(cdp, async () => {
    await page.getByRole('button', { name: 'Send' }).click()
    await page.locator('.message-foot', { hasText: 'tokens' }).waitFor()
  })
  const ms = tasks.reduce((sum, task) => sum + task, 0)
  t.comment(`${ms.toFixed(0)} ms of processor time`)
  // As fast as a fast model: 5,000 pieces, one every four milliseconds.
  t.ok(ms < 0.3 * pieces * everyMs, `${ms.toFixed(0)} ms for ${pieces} pieces`)
})
