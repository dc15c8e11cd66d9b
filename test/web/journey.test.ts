import t from 'tap'
import { bearer, temporaryFolder } from '../support/gateway.ts'
import { dashboardOf, openBrowser, openTab, settled, withoutBrowser } from '../support/browser.ts'
import { startProcess } from '../support/process.ts'

t.test('from the first start to a token that is made, used and revoked', { skip: withoutBrowser() }, async (t) => {
  const cwd = await temporaryFolder(t)
  const gateway = startProcess(t, { cwd, args: ['--port', '0', '--data-dir', cwd] })
  const url = await gateway.url()
  const address = await dashboardOf(gateway)
  t.match(address, '/app/#token=')
  const { page, problems } = await openTab(await openBrowser(t))

  await t.test('the printed address signs in, and leaves no token in it', async (t) => {
    await page.goto(address)
    await settled(page)
    t.notMatch(page.url(), 'token')
    t.equal(await page.title(), 'Chat · comis-gateway')
  })

  await t.test('an answer is streamed, with the tool that was called', async (t) => {
    await page.getByRole('textbox', { name: 'Message' }).fill('Remember that my car is a **blue** Volvo')
    await page.keyboard.press('Enter')
    const answer = page.getByRole('article', { name: 'default' })
    await answer.getByText('I will remember').waitFor()
    await answer.getByText(/\d+ tokens/).waitFor()
    t.equal(await answer.locator('strong').first().innerText(), 'blue', 'markdown is shown as what it means')
    await answer.getByText('memory_store').click()
    t.match(await answer.locator('.json').first().innerText(), 'Volvo')
    await page.reload()
    await answer.getByText('I will remember').waitFor()
    t.equal(await page.getByRole('article').count(), 2, 'and it is there after a reload, once')
  })

  await t.test('what happens arrives live', async (t) => {
    await page.getByRole('link', { name: 'Live' }).click()
    await page.locator('.live-row', { hasText: 'session' }).filter({ hasText: 'created' }).waitFor()
    t.equal(await page.evaluate('document.activeElement.textContent'), 'Live', 'the heading has the focus')
    await fetch(`${url}/api/agents`, { headers: bearer('wrong-token') })
    const row = page.locator('.live-row', { hasText: 'invalid_token' }).filter({ hasText: 'security' })
    await row.click()
    t.match(await page.getByRole('complementary', { name: 'Event' }).innerText(), 'security:warn')
    await page.getByRole('searchbox', { name: 'Search events' }).fill('volvo')
    await row.waitFor({ state: 'detached' })
    t.ok((await page.locator('.live-row').count()) >= 2)
  })

  await t.test('a token is made, used and revoked', async (t) => {
    await page.getByRole('link', { name: 'Tokens' }).click()
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByRole('textbox', { name: 'Client id' }).fill('reporter')
    await page.getByRole('button', { name: 'Create' }).click()
    const secret = await page.locator('.secret code').innerText()
    await page.getByRole('button', { name: 'Done' }).click()
    const use = async () => (await fetch(`${url}/api/agents`, { headers: bearer(secret) })).status
    t.equal(await use(), 200)
    await page.getByRole('button', { name: 'Revoke reporter' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
    await page.getByRole('button', { name: 'Revoke reporter' }).waitFor({ state: 'detached' })
    t.equal(await use(), 401)
  })

  t.same(problems, [])
})
