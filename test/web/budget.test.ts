import t from 'tap'
import { listenGateway, SECRETS } from '../support/gateway.ts'
import { openBrowser, openTab, settled, withoutBrowser } from '../support/browser.ts'
import { tasksOf } from '../support/trace.ts'

const MOST_BYTES = 80 * 1024
const AGENTS = { default: { provider: 'builtin', model: 'echo' } }
const skip = withoutBrowser()

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
