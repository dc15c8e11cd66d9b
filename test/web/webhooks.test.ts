import t from 'tap'
import { listenGateway, SECRETS } from '../support/gateway.ts'
import { openBrowser, openTab, settled, withoutBrowser } from '../support/browser.ts'
import { mapping, SECRET, withWebhooks } from '../support/webhooks.ts'
import { startUpstream } from '../upstream/start.ts'

t.test('a webhook is signed and sent, fails for good, and is replayed', { skip: withoutBrowser() }, async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    ...withWebhooks({ maxAttempts: 1, mappings: [mapping({ id: 'deploys', match: { path: 'deploys' } })] }),
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, maxRetries: 0 } },
    agents: { default: { provider: 'up', model: 'flaky-1-500' } }
  })
  const { page, problems } = await openTab(await openBrowser(t))
  await page.goto(`${url}/app/webhooks#token=${SECRETS.all}`)
  await settled(page)
  const dialog = page.getByRole('dialog')
  const deliveries = page.getByRole('region', { name: 'Deliveries' })
  const row = deliveries.getByRole('row').filter({ hasText: 'deploys' })

  await t.test('a wrong secret is refused, and leaves nothing', async (t) => {
    await page.getByRole('button', { name: 'Test' }).last().click()
    await dialog.getByLabel('Secret').fill('not the secret')
    await dialog.getByRole('button', { name: 'Sign and send' }).click()
    await dialog.getByRole('status').getByText('401').waitFor()
    t.equal(await row.count(), 0)
  })

  await t.test('what is signed is taken, and is in the list', async (t) => {
    await dialog.getByLabel('Secret').fill(SECRET)
    await dialog.getByLabel('Body').fill('{"n": "three"}')
    await dialog.getByRole('button', { name: 'Sign and send' }).click()
    await dialog.getByRole('status').getByText('200').waitFor()
    t.match(await dialog.getByRole('status').innerText(), '"mapping":"deploys"')
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    await row.getByText('dead').waitFor()
    t.equal(await row.count(), 1)
    const asked = await upstream.waitFor(() => true)
    t.match(JSON.stringify(asked.body), 'got three')
  })

  await t.test('a dead letter is replayed, and is done', async (t) => {
    await deliveries.getByRole('button', { name: 'Dead letters' }).click()
    await row.getByRole('button', { name: 'Replay' }).click()
    await deliveries.getByText('Nothing has failed for good').waitFor()
    await deliveries.getByRole('button', { name: 'All' }).click()
    await row.getByText('done').waitFor()
    t.equal((await upstream.requests()).length, 2)
  })

  t.same(problems, [])
})
