// Writes docs/screenshots: each page of the dashboard, in both themes and on a phone, of a gateway that something happened in.
// `npm run screenshots [page…]`
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { type Browser, chromium } from 'playwright-core'
import { GatewayClient } from '../client/index.ts'
import { browserPath, PAGES, settled } from '../test/support/browser.ts'
import gateway from '../src/gateway.ts'

const FOLDER = join(import.meta.dirname, '../docs/screenshots')
const SECRET = 'screenshots-0123456789-0123456789-0123456789'
const WIDE = { width: 1120, height: 620 }
const PHONE = { width: 390, height: 760 }
const ANSWER = `## Release checklist

Everything is **green**. What is left, in this order:

1. Tag the commit and push it
2. Publish the package
3. Tell the others

\`\`\`ts
export async function publish(version: string): Promise<void> {
  await run('npm', ['publish', '--tag', 'latest']) // needs a login
  console.log(\`published \${version}\`)
}
\`\`\`

| step | who | when |
| --- | --- | --- |
| tag | Ada | today |
| publish | Grace | tomorrow |

> The notes are in [CHANGELOG.md](https://example.org/changelog).
`

const dataDir = mkdtempSync(join(tmpdir(), 'comis-gateway-'))
const app = Fastify()
await app.register(gateway, {
  dataDir,
  providers: {
    builtin: {
      type: 'builtin',
      models: [
        { id: 'recall', price: { input: 0.25, output: 1.25 } },
        { id: 'echo', price: { input: 2.5, output: 10 } }
      ]
    }
  },
  agents: {
    default: { name: 'Comis', provider: 'builtin', model: 'recall' },
    writer: { name: 'Writer', provider: 'builtin', model: 'echo', systemPrompt: 'You write release notes.' },
    night: { name: 'Night watch', provider: 'builtin', model: 'echo', suspended: true }
  },
  channels: { telegram: { name: 'Telegram' }, mail: { name: 'Mail', enabled: false } },
  gateway: {
    tokens: [
      { id: 'dashboard', secret: SECRET, scopes: ['*'] },
      { id: 'shop', secret: `shop-${SECRET}`, scopes: ['rpc', 'api'] }
    ],
    rateLimit: { maxRequests: 100_000 }
  }
})

const address = await app.listen({ port: 0, host: '127.0.0.1' })
const browser = await chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox'] })
try {
  await fill(address)
  mkdirSync(FOLDER, { recursive: true })
  const wanted = process.argv.slice(2)
  for (const page of PAGES) if (wanted.length === 0 || wanted.includes(page)) await take(browser, page)
} finally {
  await browser.close()
  await app.close()
  rmSync(dataDir, { recursive: true, force: true })
}

/** What is to be seen: conversations, things that are remembered, tokens. */
async function fill(url: string): Promise<void> {
  const client = new GatewayClient({ url, token: SECRET })
  const shop = new GatewayClient({ url, token: `shop-${SECRET}` })
  const facts = ['my car is a blue Volvo', 'the release is on Fridays', 'we ship from Rotterdam']
  for (const fact of facts) await ask(client, 'first-steps', `Remember that ${fact}`, 'default')
  await ask(client, 'first-steps', 'What do I drive?', 'default')
  for (const topic of ['a poem on gateways', 'the notes of the last sprint', 'a greeting for new people']) {
    await ask(shop, topic.replaceAll(' ', '-'), `Write ${topic}, in three sentences.`, 'writer')
  }
  await ask(client, 'release-notes', 'Remember that the release notes are written by the writer', 'default')
  await ask(client, 'release-notes', ANSWER, 'writer')
  await client.call('session.rename', { sessionKey: 'release-notes', title: 'Notes of the release' })
  await client.call('session.rename', { sessionKey: 'first-steps', title: 'First steps' })
  await client.call('tokens.create', { id: 'nightly-report', scopes: ['api'], expiresAt: Date.now() + 30 * 86_400_000 })
  await client.call('memory.store', { content: 'Orders above 100 EUR ship for free', tags: ['shop', 'policy'] })
  await client.call('config.patch', { patch: { gateway: { maxBatchSize: 40 } } })
  await client.call('memory.flush')
  client.close()
  shop.close()
}

async function ask(client: GatewayClient, sessionKey: string, message: string, agentId: string): Promise<void> {
  for await (const event of client.chat({ message, sessionKey, agentId })) if (event.type === 'done') return
}

async function take(browser: Browser, page: string): Promise<void> {
  for (const [name, viewport, colorScheme] of [
    [`${page}-light`, WIDE, 'light'],
    [`${page}-dark`, WIDE, 'dark'],
    [`${page}-phone`, PHONE, 'light']
  ] as const) {
    const context = await browser.newContext({ viewport, colorScheme, locale: 'en-GB', reducedMotion: 'reduce' })
    const tab = await context.newPage()
    tab.on('pageerror', (error) => console.error(page, error))
    tab.on('console', (message) => message.type() === 'error' && console.error(page, message.text()))
    await tab.goto(`${address}/app/${page}${page === 'chat' ? '?session=release-notes' : ''}#token=${SECRET}`)
    await settled(tab)
    await tab.waitForTimeout(1000)
    await tab.screenshot({ path: join(FOLDER, `${name}.png`) })
    await context.close()
  }
  console.log(page)
}
