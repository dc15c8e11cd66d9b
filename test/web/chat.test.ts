import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { listenGateway, SECRETS, temporaryFolder } from '../support/gateway.ts'
import { openBrowser, openTab, settled, withoutBrowser } from '../support/browser.ts'
import { startUpstream } from '../upstream/start.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64'
)

t.test('files, models and titles in the chat', { skip: withoutBrowser() }, async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { name: 'Comis', provider: 'builtin', model: 'echo' } }
  })
  const { page, problems } = await openTab(await openBrowser(t))
  const sockets: string[] = []
  page.on('websocket', (socket) => sockets.push(socket.url()))
  const folder = await temporaryFolder(t)
  const files = [join(folder, 'dot.png'), join(folder, 'notes [1].txt')]
  await Promise.all([writeFile(files[0] ?? '', PNG), writeFile(files[1] ?? '', 'The door is green.')])
  await page.goto(`${url}/app/chat?session=door#token=${SECRETS.all}`)
  await settled(page)
  const message = page.getByRole('textbox', { name: 'Message' })
  const picker = page.getByRole('combobox', { name: 'Agent or model' })
  const answered = (count: number) =>
    page
      .locator('.message.assistant .message-foot')
      .nth(count - 1)
      .waitFor()

  await t.test('agents come first, then models that answer in place of theirs', async (t) => {
    await picker.locator('option', { hasText: 'up/words' }).waitFor({ state: 'attached' })
    t.equal(await picker.locator('option').first().innerText(), 'Comis · builtin/echo')
    await picker.selectOption('model up/words')
    t.equal(await picker.inputValue(), 'model up/words')
  })

  await t.test('files that are attached are shown, and the provider is given them', async (t) => {
    await page.getByLabel('Files to attach').setInputFiles(files)
    await page.getByRole('list', { name: 'Attached files' }).getByText('notes [1].txt').waitFor()
    await message.fill('What is this?')
    await page.keyboard.press('Enter')
    await answered(1)
    const asked = await upstream.waitFor(({ path }) => path === '/v1/chat/completions')
    const picture = `data:image/png;base64,${PNG.toString('base64')}`
    t.match(asked.body, {
      model: 'words',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: picture } },
            { type: 'text', text: /notes \[1\]\.txt:\s+The door is green\./ }
          ]
        }
      ]
    })
    for (const when of ['at once', 'after a reload']) {
      const mine = page.getByRole('article', { name: 'You' })
      await mine.getByText('What is this?').waitFor()
      await mine.locator('img[alt="dot.png"][src^="blob:"]').waitFor()
      t.equal(await page.evaluate('document.querySelector(".message.user img").naturalWidth'), 1)
      t.equal(await mine.getByRole('link').innerText(), 'notes [1].txt', when)
      if (when === 'at once') await page.reload()
    }
    t.equal(await picker.inputValue(), 'model up/words', 'the choice is kept')
    const saved = page.waitForEvent('download')
    await page.getByRole('article', { name: 'You' }).getByRole('link').click()
    t.equal((await saved).suggestedFilename(), 'notes [1].txt')
  })

  await t.test('a conversation is renamed in its place, and found by its title', async (t) => {
    const title = page.getByRole('textbox', { name: 'Title of the conversation' })
    const heading = page.getByRole('heading', { level: 1 })
    await message.focus()
    await page.keyboard.press('F2')
    await title.fill('Never mind')
    await page.keyboard.press('Escape')
    await title.waitFor({ state: 'detached' })
    t.equal(await heading.innerText(), 'door')
    await page.getByRole('button', { name: 'Rename (F2)' }).click()
    await title.fill('Die Übergabe')
    await page.keyboard.press('Enter')
    await heading.getByText('Die Übergabe').waitFor()
    const entry = page.getByRole('complementary').getByRole('link', { name: /Die Übergabe/ })
    await entry.waitFor()
    await page.locator('[aria-label="Rename (F2)"]:focus').waitFor()

    await entry.focus()
    await page.keyboard.press('F2')
    await title.fill('The green door')
    await page.keyboard.press('Enter')
    await page.locator('a:focus', { hasText: 'The green door' }).waitFor()
    t.equal(await heading.innerText(), 'The green door', 'and it is the same where it is read')

    await page.getByRole('searchbox', { name: 'Search in all conversations' }).fill('GREEN')
    const found = page.getByRole('complementary').getByRole('listitem')
    await found.filter({ hasText: 'The green door' }).waitFor()
    await page.getByText('1 titles').waitFor()
  })

  t.ok(sockets.length > 0)
  t.notMatch(sockets.join(), /token=|0123456789/, 'no address holds the token')
  t.match(sockets[0], /\/ws\?ticket=/)
  t.same(problems, [])
})
