import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../src/config/parse.ts'
import { buildGateway, temporaryFolder } from '../support/gateway.ts'
import {
  call,
  deliver,
  mapping,
  SECRET,
  sign,
  told,
  untilAll,
  type WebhooksInput,
  withWebhooks
} from '../support/webhooks.ts'

t.test('what contradicts itself stops the start, with its path', async (t) => {
  const one = (more: object) => ({ token: SECRET, mappings: [mapping(more)] })
  const cases: [WebhooksInput, RegExp][] = [
    [{ mappings: [mapping()] }, /webhooks.mappings.0: expected a `secret`/],
    [{ presets: ['github'] }, /webhooks.presets.0: expected a `secret`/],
    [{ token: SECRET, mappings: [mapping(), mapping()] }, /webhooks.mappings.1.id: "m" is used by another mapping/],
    [{ ...one({ id: 'github' }), presets: ['github'] }, /webhooks.presets.0.id: "github" is used/],
    [one({ id: 'webhook' }), /webhooks.mappings.0.id: "webhook" is reserved/],
    [one({ match: { path: '/Webhook' } }), /mappings.0.match.path: "webhook" is the gateway’s own/],
    [one({ agentId: 'nobody' }), /mappings.0.agentId: there is no agent "nobody"/],
    [one({ model: 'nowhere/x' }), /mappings.0.model: there is no provider "nowhere"/],
    [one({ scheme: 'md5' }), /mappings.0.scheme: expected one of "hmac"/],
    [one({ messageTemplate: 'a {{b' }), /mappings.0.messageTemplate: "{{" without its other half at character 3/],
    [one({ sessionKey: '{{a..b}}' }), /mappings.0.sessionKey: "a..b" at character 1/],
    [one({ messageTemplate: '{{headers.Authorization}}' }), /mappings.0.messageTemplate: .*credential/],
    [one({ messageTemplate: undefined }), /mappings.0.messageTemplate: missing: the action agent needs it/],
    [one({ action: 'wake' }), /mappings.0.textTemplate: missing/],
    [one({ deliver: true }), /mappings.0.deliver: expected `channel` and `to`/],
    [one({ deliver: true, channel: 'x', to: 'y' }), /mappings.0.channel: there is no channel "x"/],
    [one({ match: { path: 'a/b' } }), /mappings.0.match.path/],
    [one({ messagetemplate: 'x' }), /did you mean "messageTemplate"/]
  ]
  for (const [webhooks, message] of cases) {
    t.throws(() => parseConfig({ providers: {}, webhooks: { enabled: true, ...webhooks } }), message, String(message))
  }
})

t.test('what only shows when things are opened stops the start too', async (t) => {
  const start = (more: object) =>
    buildGateway(t, withWebhooks({ mappings: [mapping(more)] })).then((app) => app.ready())
  await t.rejects(
    start({ scheme: 'standard-webhooks', secret: 'not base64!' }),
    /mappings.0.secret: expected a secret in base64/
  )
  await t.rejects(start({ secret: { file: '/nowhere/secret' } }), /mappings.0.secret: the file .* cannot be read/)
  await t.rejects(start({ model: 'builtin/none' }), /mappings.0.model: there is no model "builtin\/none"/)
})

t.test('a secret can stand in a file', async (t) => {
  const file = join(await temporaryFolder(t), 'secret')
  await writeFile(file, 'of the file\n', { mode: 0o600 })
  const app = await buildGateway(t, withWebhooks({ mappings: [mapping({ secret: { file } })] }))
  t.equal((await deliver(app, 'm', '{}', { 'x-webhook-signature': sign('{}', 'of the file') })).status, 200)
})

t.test('presets are mappings', async (t) => {
  const app = await buildGateway(t, withWebhooks({ token: SECRET.replaceAll(' ', '-'), presets: ['github', 'gmail'] }))
  const token = SECRET.replaceAll(' ', '-')
  const push = {
    action: 'opened',
    repository: { full_name: 'a/b' },
    sender: { login: 'me' },
    issue: { title: 'Broken' }
  }
  const body = JSON.stringify(push)
  const headers = { 'x-hub-signature-256': `sha256=${sign(body, token)}`, 'x-github-event': 'issues' }
  t.match(await deliver(app, 'github', body, headers), { status: 200, body: { mapping: 'github' } })
  await untilAll(app, 'done')
  const data = Buffer.from('{"emailAddress":"me@example.com","historyId":7}').toString('base64')
  const mail = JSON.stringify({ message: { data, messageId: '1' } })
  t.match(await deliver(app, 'gmail', mail, { authorization: `Bearer ${token}` }), { status: 200 })
  await untilAll(app, 'done')
  t.match(await told(app, 'message:sent'), [
    { text: /^GitHub: issues opened in a\/b by me\nBroken/, sessionKey: 'github-a/b' },
    { text: /^New mail. me@example.com 7/, sessionKey: 'gmail-me@example.com' }
  ])
})

t.test('a change at run time is for the next delivery', async (t) => {
  const app = await buildGateway(t, withWebhooks({ mappings: [mapping()] }))
  const patch = (webhooks: object) => call(app, 'config.patch', { patch: { webhooks } })
  const send = async (path: string, secret: string) =>
    (await deliver(app, path, '{"n":1}', { 'x-webhook-signature': sign('{"n":1}', secret) })).status
  t.equal(await send('m', SECRET), 200)
  t.match(await patch({ mappings: [mapping({ id: 'x', match: { path: 'x' }, secret: 'new' })] }), { restart: [] })
  t.same([await send('m', SECRET), await send('x', SECRET), await send('x', 'new')], [404, 401, 200])
  t.match(JSON.stringify(await patch({ mappings: [mapping({ messageTemplate: '{{' })] })), /without its other half/)
  const unserved = mapping({ deliver: true, channel: 'c', to: 't' })
  t.match(JSON.stringify(await patch({ mappings: [unserved] })), /there is no channel/)
  t.equal(await send('x', 'new'), 200, 'what is refused changes nothing')
  const shown = JSON.stringify(await call(app, 'config.read'))
  t.match(shown, /\[redacted\]/)
  t.notMatch(shown, /"new"|a secret of whoever/)
  const [last] = await untilAll(app, 'done', 'dead')
  t.equal(last?.mapping, 'x')
})

t.test('a change of agents or providers is checked against the mappings that name them', async (t) => {
  const up = (...models: string[]) => ({
    up: { type: 'openai-compatible' as const, baseURL: 'http://127.0.0.1:9/v1', models: models.map((id) => ({ id })) }
  })
  const mappings = [
    mapping(),
    mapping({ id: 'other', match: { path: 'other' }, agentId: 'other' }),
    mapping({ id: 'model', match: { path: 'model' }, model: 'up/one' })
  ]
  const app = await buildGateway(t, {
    ...withWebhooks({ mappings }),
    providers: up('one', 'two'),
    agents: { default: { provider: 'builtin', model: 'echo' }, other: { provider: 'builtin', model: 'echo' } }
  })
  const refused: [object, string, string][] = [
    [{ agents: { other: null } }, 'webhooks.mappings.1.agentId', 'there is no agent "other"'],
    [{ providers: up('two') }, 'webhooks.mappings.2.model', 'there is no model "up/one"'],
    [{ providers: { up: null } }, 'webhooks.mappings.2.model', 'there is no provider "up"'],
    [
      { providers: up('one', 'three'), webhooks: { mappings: [mapping({ model: 'up/two' })] } },
      'webhooks.mappings.0.model',
      'there is no model "up/two"'
    ]
  ]
  for (const [patch, path, message] of refused) {
    t.match(await call(app, 'config.patch', { patch }), { data: { issues: [{ path, message }] } })
  }
  const path = 'webhooks.mappings.1.agentId'
  t.match(await call(app, 'agents.delete', { agentId: 'other' }), { data: { issues: [{ path }] } })
  const both = { providers: up('three'), webhooks: { mappings: [mapping({ model: 'up/three' })] } }
  t.match(await call(app, 'config.patch', { patch: both }), { paths: Array })
})
