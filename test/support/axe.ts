import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { openBrowser, openTab, PAGES, settled, visit } from './browser.ts'
import { listenGateway, SECRETS } from './gateway.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** The colours of the theme are there once they were drawn. */
const PAINTED = 'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))'

interface Found {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[]
}

/** What axe finds wrong with what is shown. */
export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE)
  const options = { runOnly: RULES, resultTypes: ['violations'], preload: false }
  const { violations: found } = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as Found
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`))
}

/** Looks through every page, in both themes. */
export async function checkPages(t: Test): Promise<void> {
  const agents = { default: { provider: 'builtin', model: 'echo' } }

  const { url } = await listenGateway(t, { agents })
  const browser = await openBrowser(t)
  const { page, problems } = await openTab(browser, { colorScheme: 'light', reducedMotion: 'reduce' })
  async function inBoth(name: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.evaluate(PAINTED)
      t.same(await violations(page), [], `${name}, ${colorScheme}`)
    }
  }

  await page.goto(`${url}/app/`)
  await page.getByLabel('Token').waitFor()
  await inBoth('sign in')
  await page.goto(`${url}/app/chat#token=${SECRETS.all}`)
  await settled(page)
  const message = '# Title\n\n```js\nconst one = 1 // first\n```\n\n| a |\n| --- |\n| [b](https://example.org) |'
  await page.getByRole('textbox', { name: 'Message' }).fill(message)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.locator('.message-foot', { hasText: /\d+ tokens/ }).waitFor()
  await page.locator('.hljs-comment').waitFor()
  for (const name of PAGES) {
    if (name !== 'chat') await visit(page, name)
    await inBoth(name)
  }
  t.same(problems, [])
}
