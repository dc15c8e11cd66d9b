import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { bearer, buildGateway } from '../support/gateway.ts'
import { serve } from '../support/provider.ts'

const slowly = async (t: Parameters<typeof serve>[0], ms: number) => ({
  providers: {
    up: {
      type: 'openai-compatible' as const,
      baseURL: await serve(t, async () => {
        await sleep(ms)
        return 200
      }),
      maxRetries: 0
    }
  },
  agents: { default: { provider: 'up', model: 'words', timeoutSeconds: 2 } }
})

t.test('what a turn waits for its session is not its time', async (t) => {
  const app = await buildGateway(t, await slowly(t, 1300))
  const payload = { message: 'hello', sessionKey: 's' }
  const chat = () => app.inject({ method: 'POST', url: '/api/chat', payload, headers: bearer() })
  const answers = await Promise.all([chat(), chat()])
  t.same(
    answers.map(({ statusCode }) => statusCode),
    [200, 200]
  )
})

t.test('one that waits longer than it may take is told that there is no room', async (t) => {
  const app = await buildGateway(t, { ...(await slowly(t, 1300)) })
  const payload = { message: 'hello', sessionKey: 's' }
  const chat = () => app.inject({ method: 'POST', url: '/api/chat', payload, headers: bearer() })
  const answers = await Promise.all([chat(), chat(), chat()])
  t.match(answers[2]?.json(), { error: /No place became free within 2 s/ })
})
