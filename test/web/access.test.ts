import t from 'tap'
import { violations } from '../support/axe.ts'
import { bearer, listenGateway, SECRETS, TOKENS } from '../support/gateway.ts'
import { openBrowser, openTab, PAGES, settled, visit, withoutBrowser } from '../support/browser.ts'
import { waitUntil } from '../support/watch.ts'

const AGENTS = { default: { provider: 'builtin', model: 'echo' } }
const LIMITED = 'a-token-that-may-ask-a-few-times-in-some-seconds'
const LIMITS = { windowMs: 3000, maxRequests: 20 }
const GATEWAY = { tokens: [...TOKENS, { id: 'limited', secret: LIMITED, scopes: ['*' as const], rateLimit: LIMITS }] }

t.test('who may see what, and how', { skip: withoutBrowser() }, async (t) => {
  const { app, url: host } = await listenGateway(t, { agents: AGENTS, gateway: GATEWAY, prefix: '/ai' })
  const url = `${host}/ai`
  const browser = await openBrowser(t)

  await t.test('a narrow screen: nothing is wider than it, and the pages are behind a button', async (t) => {
    const { page } = await openTab(browser, { viewport: { width: 360, height: 740 }, hasTouch: true })
    await page.goto(`${url}/app/chat#token=${SECRETS.all}`)
    await settled(page)
    for (const name of PAGES) {
      await visit(page, name)
      const width = (await page.evaluate('document.documentElement.scrollWidth')) as number
      t.ok(width <= 360, `${name} is ${width} wide`)
    }
    await page.getByRole('button', { name: 'Navigation' }).click()
    t.same(await violations(page), [])
    await page.getByRole('dialog').getByRole('link', { name: 'Live' }).click()
    await page.getByRole('heading', { name: 'Live', level: 1 }).waitFor()
    t.equal(await page.getByRole('dialog').count(), 0)
  })

  await t.test('with the keyboard alone', async (t) => {
    const { page } = await openTab(browser)
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key)
    }
    const focused = () => page.evaluate('document.activeElement.textContent || document.activeElement.ariaLabel')
    await page.goto(`${url}/app/`)
    await page.getByLabel('Token').waitFor()
    await page.keyboard.type(SECRETS.all)
    await press('Enter')
    await settled(page)
    await page.locator('textarea:focus').waitFor()
    await page.keyboard.type('Hello there')
    await press('Enter')
    await page.locator('.message-foot', { hasText: /\d+ tokens/ }).waitFor()

    await page.goto(`${url}/app/live`)
    await settled(page)
    await press('Tab')
    t.equal(await focused(), 'Skip to the page')
    await press('Enter')
    t.equal(await page.evaluate('document.activeElement.id'), 'main')
    await page.getByRole('link', { name: 'Agents' }).focus()
    await press('Enter')
    await page.getByRole('button', { name: 'New agent' }).focus()
    await press('Enter')
    await page.getByRole('textbox', { name: 'Id', exact: true }).waitFor()
    await press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    t.equal(await focused(), 'New agent', 'the focus is back where it was')
  })

  await t.test('a token sees what its scopes allow', async (t) => {
    const { page } = await openTab(browser)
    await page.goto(`${url}/app/chat#token=${SECRETS.rpc}`)
    await settled(page)
    t.same(await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts(), [
      'Chat',
      'Live',
      'Memory',
      'Agents',
      'API'
    ])
    await visit(page, 'tokens')
    await page.getByText('Your token does not open this page').waitFor()
    await page.goto(`${url}/app/nothing/here`)
    await page.getByText('There is no such page').waitFor()

    const { page: refused } = await openTab(browser)
    await refused.goto(`${url}/app/#token=${SECRETS.api}`)
    await refused.getByText('This token may not open the dashboard').waitFor()

    const revoke = { jsonrpc: '2.0', id: 1, method: 'tokens.revoke', params: { id: 'rpc' } }
    await visit(page, 'live')
    await page.locator('.connection', { hasText: 'Connected' }).waitFor()
    const headers = { authorization: `Bearer ${SECRETS.all}` }
    await app.inject({ method: 'POST', url: '/ai/rpc', headers, payload: revoke })
    await page.getByText('This token is not valid').waitFor()
    t.equal(await page.evaluate('sessionStorage.length'), 0, 'and nothing of it is left')
  })

  await t.test('a gateway that is only busy ends no session', async (t) => {
    const { page } = await openTab(browser)
    const use = () => fetch(`${url}/rpc`, { method: 'POST', headers: bearer(LIMITED) })
    await page.goto(`${url}/app/live#token=${LIMITED}`)
    await settled(page)
    while ((await use()).status !== 429);
    await page.reload()
    await page.getByText('Rate limit exceeded').waitFor()
    await waitUntil(async () => (await use()).status !== 429)
    await page.reload()
    await settled(page)
    t.equal(await page.title(), 'Live · comis-gateway')
  })
})
