import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { GatewayProcess } from './process.ts'

const PLACES = [
  process.env.COMIS_TEST_BROWSER ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
]

/** A browser of this machine that the dashboard can be tested in; undefined where there is none. */
export const browserPath = (): string | undefined => PLACES.find((path) => path !== '' && existsSync(path))

/** Why tests of the dashboard are not run here; false where they are. It is said aloud, since nothing else would tell. */
export function withoutBrowser(): string | false {
  if (browserPath()) return false
  const reason = 'NO BROWSER: the dashboard is not tested. Install chromium, or name one in COMIS_TEST_BROWSER.'
  process.stderr.write(`\n*** ${reason} ***\n\n`)
  return reason
}

/**
 * A browser that is closed with the test.
 * @param args for Chromium, beside those that it needs to run here
 */
export async function openBrowser(t: Test, args: string[] = []): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox', ...args] })
  t.teardown(() => browser.close())
  return browser
}

export interface Tab {
  page: Page
  /** What the page reported as wrong: errors nobody caught, and what its policy forbids. */
  problems: string[]
}

/** A tab of its own storage. */
export async function openTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({ locale: 'en-GB', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && /policy|Uncaught/i.test(message.text())) problems.push(message.text())
  })
  return { page, problems }
}

/** The address that the first start prints, which signs in. */
export async function dashboardOf(gateway: GatewayProcess): Promise<string> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const address = /Dashboard\s+(\S+)/.exec(gateway.output().stdout)?.[1]
    if (address) return address
    if (Date.now() > deadline) throw new Error(`No dashboard is printed: ${gateway.output().stderr}`)
    await sleep(20)
  }
}

export const PAGES = ['chat', 'live', 'memory', 'usage', 'agents', 'channels', 'webhooks', 'tokens', 'settings', 'api']

/** Waits until a page is there with all that it loads. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main h1').first().waitFor()
  while ((await page.locator('.loading').count()) > 0) await sleep(50)
}
