import t from 'tap'
import { temporaryFolder } from '../support/gateway.ts'
import { dashboardOf, openBrowser, openTab, settled, withoutBrowser } from '../support/browser.ts'
import { startProcess } from '../support/process.ts'

t.test('a gateway that is killed under an open page', { skip: withoutBrowser() }, async (t) => {
  const cwd = await temporaryFolder(t)
  const first = startProcess(t, { cwd, args: ['--port', '0', '--data-dir', cwd] })
  const url = await first.url()
  const address = await dashboardOf(first)
  const { page, problems } = await openTab(await openBrowser(t))
  await page.goto(address)
  await settled(page)
  const say = async (message: string, before: number) => {
    await page.getByRole('textbox', { name: 'Message' }).fill(message)
    await page.keyboard.press('Enter')
    await page
      .getByRole('article')
      .nth(before + 1)
      .locator('.message-foot')
      .waitFor()
  }
  await say('Remember that the door is green', 0)

  first.child.kill('SIGKILL')
  await first.exit
  await page.getByText('Trying again…').waitFor()
  await page.getByRole('textbox', { name: 'Message' }).fill('What colour has the door?')
  await page.keyboard.press('Enter')
  await page.locator('.toast', { hasText: 'The gateway cannot be reached' }).waitFor()
  const kept = await page.getByRole('textbox', { name: 'Message' }).inputValue()
  t.equal(kept, 'What colour has the door?', 'what could not be said is not lost')

  const second = startProcess(t, { cwd, args: ['--port', new URL(url).port, '--data-dir', cwd] })
  await second.url()
  await page.locator('.connection', { hasText: 'Connected' }).waitFor()
  t.equal(await page.getByRole('article').count(), 2, 'what is kept is shown, and nothing else')
  await say('What colour has the door?', 2)
  t.match(await page.getByRole('article').last().innerText(), 'the door is green')

  await page.getByRole('link', { name: 'Live' }).click()
  await page.locator('.live-row', { hasText: 'resumed' }).waitFor()
  await page.locator('.live-row', { hasText: 'What colour has the door' }).first().waitFor()
  const ids = (await page.locator('.live-id').allInnerTexts()).filter(Boolean).map(Number)
  t.same(
    ids,
    [...new Set(ids)].toSorted((a, b) => a - b),
    'in their order, each once'
  )
  t.same(
    ids,
    Array.from({ length: ids.length }, (_, index) => (ids[0] ?? 0) + index),
    'none is missing'
  )
  t.same(problems, [])
})
