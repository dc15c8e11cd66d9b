import type { Page } from 'playwright-core'
import t from 'tap'
import { GatewayClient } from '../../client/index.ts'
import { listenGateway, SECRETS, servicesOf } from '../support/gateway.ts'
import { openBrowser, openTab, settled, withoutBrowser } from '../support/browser.ts'
import { tasksOf } from '../support/trace.ts'

const LONGEST_TASK_MS = 50
const AGENTS = { default: { provider: 'builtin', model: 'echo' } }
const skip = withoutBrowser()

const longest = (tasks: number[]) => tasks.reduce((most, task) => Math.max(most, task), 0)

/** Scrolls through a list as a hand on a wheel does. */
async function scroll(page: Page, selector: string): Promise<void> {
  await page.locator(selector).hover()
  for (let step = 0; step < 30; step++) {
    await page.mouse.wheel(0, step < 20 ? -1500 : 4000)
    await page.waitForTimeout(30)
  }
}

async function say(client: GatewayClient, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    const message = `Message **${turn}** with \`code\`\n\n* one\n* two\n`
    await client.rest('chat', { body: { message, sessionKey: 'long' } })
  }
}

t.test('ten thousand events, and a session of two thousand messages', { skip }, async (t) => {
  const { app, url } = await listenGateway(t, { agents: AGENTS })
  const services = await servicesOf(app)
  const client = new GatewayClient({ url, token: SECRETS.all })
  t.teardown(() => client.close())
  await Promise.all(Array.from({ length: 10 }, () => say(client, 100)))
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
  await page.getByRole('article').last().waitFor()
  const said = await tasksOf(cdp, () => scroll(page, '.messages'))
  t.comment(`messages: longest task ${longest(said).toFixed(1)} ms of ${said.length}`)
  t.ok(longest(said) < LONGEST_TASK_MS)
  t.ok((await page.getByRole('article').count()) < 100)
})
