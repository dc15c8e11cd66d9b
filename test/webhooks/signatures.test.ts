import { createHmac } from 'node:crypto'
import { sign as signGithub } from '@octokit/webhooks-methods'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { Webhook as SvixWebhook } from 'svix'
import t from 'tap'
import { buildGateway } from '../support/gateway.ts'
import { deliver, mapping, SECRET, sign, untilAll, withWebhooks } from '../support/webhooks.ts'

const WHSEC = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`
const body = JSON.stringify({ n: 'ünïcode', id: 'evt_1', event_id: 'Ev1' })
const seconds = (offset = 0) => Math.floor(Date.now() / 1000) + offset
const flip = (text: string) => text.slice(0, -3) + (text.at(-3) === 'a' ? 'b' : 'a') + text.slice(-2)

const schemes = [
  mapping({ id: 'plain', match: { path: 'plain' } }),
  mapping({ id: 'github', match: { path: 'github' }, scheme: 'github' }),
  mapping({ id: 'standard', match: { path: 'standard' }, scheme: 'standard-webhooks', secret: WHSEC }),
  mapping({ id: 'stripe', match: { path: 'stripe' }, scheme: 'stripe' }),
  mapping({ id: 'slack', match: { path: 'slack' }, scheme: 'slack' }),
  mapping({ id: 'bearer', match: { path: 'bearer' }, scheme: 'bearer' })
]

const stripe = new Stripe('sk_test_none')
const signStripe = (timestamp = seconds(), payload = body) =>
  stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET, timestamp })
/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
const signSlack = (timestamp = seconds(), payload = body) => ({
  'x-slack-request-timestamp': String(timestamp),
  'x-slack-signature': `v0=${createHmac('sha256', SECRET).update(`v0:${timestamp}:${payload}`).digest('hex')}`
})
const signStandard = (offset = 0, id = 'msg_1') => ({
  'webhook-id': id,
  'webhook-timestamp': String(seconds(offset)),
  'webhook-signature': new StandardWebhook(WHSEC).sign(id, new Date(seconds(offset) * 1000), body)
})

t.test('what the senders’ own packages sign is accepted, once, under the sender’s id', async (t) => {
  const app = await buildGateway(t, withWebhooks({ mappings: schemes }))
  const svix = {
    'svix-id': 'msg_2',
    'svix-timestamp': String(seconds()),
    'svix-signature': new SvixWebhook(WHSEC).sign('msg_2', new Date(seconds() * 1000), body)
  }
  const github = await signGithub(SECRET, body)
  const cases: [path: string, headers: Record<string, string>, id: string][] = [
    ['plain', { 'x-webhook-signature': sign(body), 'x-webhook-id': 'p1' }, 'p1'],
    ['github', { 'x-hub-signature-256': github, 'x-github-delivery': 'g1' }, 'g1'],
    ['standard', signStandard(), 'msg_1'],
    ['standard', svix, 'msg_2'],
    ['stripe', { 'stripe-signature': signStripe() }, 'evt_1'],
    ['slack', signSlack(), 'Ev1']
  ]
  for (const [path, headers, id] of cases) {
    for (let n = 0; n < 2; n++) {
      const { status, body: answer } = await deliver(app, path, body, headers)
      t.same([status, answer], [200, { received: true, mapping: path }], `${path} ${id}`)
    }
  }
  const done = await untilAll(app, 'done')
  t.same(
    done.map(({ senderId }) => senderId).toReversed(),
    cases.map(([, , id]) => id)
  )
})

t.test('two keys while they are changed', async (t) => {
  const app = await buildGateway(t, withWebhooks({ mappings: schemes }))
  const own = signStandard(0, 'm')
  const other = new StandardWebhook('whsec_b3RoZXIga2V5IG90aGVyIGtleQ==').sign('m', new Date(), body)
  const both = { ...own, 'webhook-signature': `${other} v1a,xyz ${own['webhook-signature']}` }
  t.equal((await deliver(app, 'standard', body, both)).status, 200)
  const [time, v1] = signStripe().split(',') as [string, string]
  t.equal((await deliver(app, 'stripe', body, { 'stripe-signature': `${time},v1=00,${v1}` })).status, 200)
})

t.test('a bearer is the secret itself', async (t) => {
  const secret = 'one-long-secret-of-a-mapping-0123456789'
  const app = await buildGateway(t, withWebhooks({ mappings: [mapping({ scheme: 'bearer', secret })] }))
  const push = JSON.stringify({ message: { data: 'eyJuIjoxfQ==', messageId: '77' }, subscription: 's' })
  for (const authorization of [`Bearer ${secret}`, `bearer ${secret}`]) {
    t.equal((await deliver(app, 'm', push, { authorization })).status, 200)
  }
  t.match(await untilAll(app, 'done'), [{ senderId: '77' }], 'Pub/Sub names its messages in the body')
  for (const authorization of [`Bearer ${secret}x`, 'Bearer x', `Basic ${secret}`, secret]) {
    t.equal((await deliver(app, 'm', push, { authorization })).status, 401)
  }
  t.equal((await deliver(app, `m?token=${secret}`, push, {})).status, 401)
})

t.test('algorithm, header, prefix and encoding of the plain scheme', async (t) => {
  const own = (id: string, signature: object) => mapping({ id, match: { path: id }, signature })
  const app = await buildGateway(
    t,
    withWebhooks({
      signature: { algorithm: 'sha384' },
      mappings: [
        own('inherits', {}),
        own('hex', { algorithm: 'sha512', header: 'X-Sig', prefix: 'sig:' }),
        own('b64', { encoding: 'base64', header: 'x-sig' }),
        own('url', { encoding: 'base64url', header: 'x-sig' }),
        own('timed', { requireTimestamp: true, timestampHeader: 'x-time', toleranceSeconds: 10 })
      ]
    })
  )
  const hmac = (algorithm: string, encoding: 'hex' | 'base64' | 'base64url') =>
    createHmac(algorithm, SECRET).update(body).digest(encoding)
  const cases: [path: string, headers: Record<string, string>, status: number][] = [
    ['inherits', { 'x-webhook-signature': hmac('sha384', 'hex') }, 200],
    ['inherits', { 'x-webhook-signature': `sha384=${hmac('sha384', 'hex').toUpperCase()}` }, 200],
    ['inherits', { 'x-webhook-signature': `sha256=${hmac('sha384', 'hex')}` }, 401],
    ['inherits', { 'x-webhook-signature': hmac('sha256', 'hex') }, 401],
    ['hex', { 'x-sig': `sig:${hmac('sha512', 'hex')}` }, 200],
    ['hex', { 'x-sig': `sha512=${hmac('sha512', 'hex')}` }, 200],
    ['b64', { 'x-sig': hmac('sha384', 'base64') }, 200],
    ['b64', { 'x-sig': hmac('sha384', 'hex') }, 401],
    ['url', { 'x-sig': hmac('sha384', 'base64url') }, 200],
    ['timed', { 'x-webhook-signature': hmac('sha384', 'hex') }, 401],
    ['timed', { 'x-webhook-signature': hmac('sha384', 'hex'), 'x-time': String(seconds(-5)) }, 200],
    ['timed', { 'x-webhook-signature': hmac('sha384', 'hex'), 'x-time': String(seconds(-50)) }, 401],
    ['timed', { 'x-webhook-signature': hmac('sha384', 'hex'), 'x-time': 'now' }, 401]
  ]
  for (const [path, headers, status] of cases) {
    t.equal((await deliver(app, path, body, headers)).status, status, `${path} ${JSON.stringify(headers)}`)
  }
})

t.test('what is not signed so is refused, and why', async (t) => {
  const app = await buildGateway(t, withWebhooks({ mappings: schemes }))
  const good = sign(body)
  const github = await signGithub(SECRET, body)
  const plain = (signature: string) => ({ 'x-webhook-signature': signature })
  const standard = signStandard()
  const cases: [path: string, headers: Record<string, string>, error: string][] = [
    ['plain', {}, 'Missing webhook signature'],
    ['plain', plain(flip(good)), 'Invalid webhook signature'],
    ['plain', plain(good.slice(0, -2)), 'Invalid webhook signature'],
    ['plain', plain(`${good}00`), 'Invalid webhook signature'],
    ['plain', plain('z'.repeat(64)), 'Invalid webhook signature'],
    ['plain', plain(sign(body, 'another')), 'Invalid webhook signature'],
    ['plain', { ...plain(good), 'x-webhook-timestamp': String(seconds(400)) }, 'Webhook timestamp is too far off'],
    ['plain', { ...plain(good), 'x-webhook-timestamp': String(seconds(-400)) }, 'Webhook timestamp is too far off'],
    ['github', { 'x-hub-signature-256': github.slice(7) }, 'Invalid webhook signature'],
    ['github', { 'x-hub-signature': github }, 'Missing webhook signature'],
    ['standard', { ...standard, 'webhook-id': 'msg_other' }, 'Invalid webhook signature'],
    ['standard', { ...standard, 'webhook-timestamp': String(seconds(1)) }, 'Invalid webhook signature'],
    ['standard', signStandard(-400), 'Webhook timestamp is too far off'],
    ['standard', signStandard(400), 'Webhook timestamp is too far off'],
    ['stripe', { 'stripe-signature': signStripe(seconds(-400)) }, 'Webhook timestamp is too far off'],
    ['stripe', { 'stripe-signature': signStripe(seconds(400)) }, 'Webhook timestamp is too far off'],
    ['stripe', { 'stripe-signature': signStripe(seconds(), 'other') }, 'Invalid webhook signature'],
    ['stripe', { 'stripe-signature': 'v1=00' }, 'Missing webhook timestamp'],
    ['slack', signSlack(seconds(-400)), 'Webhook timestamp is too far off'],
    ['slack', { ...signSlack(), 'x-slack-request-timestamp': String(seconds(1)) }, 'Invalid webhook signature'],
    ['bearer', {}, 'Missing webhook signature']
  ]
  for (const [path, headers, error] of cases) {
    const answer = await deliver(app, path, body, headers)
    t.same([answer.status, answer.body], [401, { error }], `${path} ${JSON.stringify(headers)}`)
    t.ok(answer.headers['www-authenticate'])
  }
  t.equal(
    (await deliver(app, 'standard', body, { ...standard, 'svix-signature': 'v1,x' })).status,
    401,
    'two of a kind'
  )
})

t.test('Slack asks whether someone is there', async (t) => {
  const app = await buildGateway(t, withWebhooks({ mappings: schemes }))
  const question = JSON.stringify({ type: 'url_verification', challenge: 'c-1' })
  const { status, body: answer } = await deliver(app, 'slack', question, signSlack(seconds(), question))
  t.same([status, answer], [200, { challenge: 'c-1' }])
  t.equal((await deliver(app, 'slack', question, signSlack())).status, 401, 'and is answered only if it is Slack')
})
