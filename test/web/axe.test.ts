import t from 'tap'
import { violations } from '../support/axe.ts'
import { listenGateway, SECRETS } from '../support/gateway.ts'
import { openBrowser, openTab, PAGES, settled, withoutBrowser } from '../support/browser.ts'

const AGENTS = { default: { provider: 'builtin', model: 'echo' } }

for (const colorScheme of ['light', 'dark'] as const) {
  t.test(`every page can be used by everyone, ${colorScheme}`, { skip: withoutBrowser() }, async (t) => {
    const { url } = await listenGateway(t, { agents: AGENTS })
    const browser = await openBrowser(t)
    const { page, problems } = await openTab(browser, { colorScheme, reducedMotion: 'reduce' })
    await page.goto(`${url}/app/`)
    await page.getByLabel('Token').waitFor()
    t.same(await violations(page), [], 'sign in')
    await page.goto(`${url}/app/chat#token=${SECRETS.all}`)
    await settled(page)
    const message = '# Title\n\n```js\nconst one = 1 // first\n```\n\n| a |\n| --- |\n| [b](https://example.org) |'
    await page.getByRole('textbox', { name: 'Message' }).fill(message)
    await page.getByRole('button', { name: 'Send' }).click()
    await page.locator('.message-foot', { hasText: /\d+ tokens/ }).waitFor()
    await page.locator('.hljs-comment').waitFor()
    for (const name of PAGES) {
      if (name !== 'chat') {
        await page.goto(`${url}/app/${name}`)
        await settled(page)
      }
      t.same(await violations(page), [], name)
    }
    t.same(problems, [])
  })
}
