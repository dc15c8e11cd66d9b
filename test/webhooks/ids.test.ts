import t from 'tap'
import { buildGateway } from '../support/gateway.ts'
import { deliver, mapping, sign, untilAll, withWebhooks } from '../support/webhooks.ts'

const BEARER = 'a-secret-of-both'

t.test('an id that is blank is none', async (t) => {
  const mappings = [
    mapping(),
    mapping({ id: 'b', match: { path: 'b' }, scheme: 'bearer', secret: BEARER }),
    mapping({ id: 'st', match: { path: 'st' }, scheme: 'bearer', secret: BEARER })
  ]
  const app = await buildGateway(t, withWebhooks({ mappings }))
  const body = '{"n":1}'
  for (const id of ['', ' ']) await deliver(app, 'm', body, { 'x-webhook-signature': sign(body), 'x-webhook-id': id })
  t.equal((await untilAll(app, 'done')).length, 2)

  const push = JSON.stringify({ message: { messageId: 'p1' } })
  for (let n = 0; n < 2; n++) {
    await deliver(app, 'b', push, { authorization: `Bearer ${BEARER}`, 'x-webhook-id': '' })
  }
  const unnamed = JSON.stringify({ message: { messageId: ' ' } })
  for (let n = 0; n < 2; n++) {
    t.match(await deliver(app, 'st', unnamed, { authorization: `Bearer ${BEARER}` }), { status: 200 })
  }
  const all = await untilAll(app, 'done')
  t.same(
    all.filter((one) => one.mapping === 'b').map(({ senderId }) => senderId),
    ['p1']
  )
  t.equal(all.filter((one) => one.mapping === 'st').length, 2)
})
