import {
  Agent,
  handoff,
  OpenAIChatCompletionsModel,
  OpenAIResponsesModel,
  run,
  setTracingDisabled,
  tool
} from '@openai/agents'
import OpenAI from 'openai'
import t from 'tap'
import { z } from 'zod'
import { SECRETS } from '../support/gateway.ts'
import { bothWays, openAiGateway } from '../support/openai.ts'
import { startUpstream, type Upstream } from '../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  setTracingDisabled(true)
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

const lookUp = tool({
  name: 'look_up',
  description: 'Looks something up',
  parameters: z.object({ query: z.string() }),
  execute: async ({ query }) => `${query} is fine`
})

t.test('an agent of the OpenAI Agents SDK with a tool, and one that hands over to another', async (t) => {
  const baseURL = await openAiGateway(t, upstream)
  const client = new OpenAI({ baseURL, apiKey: SECRETS.api, maxRetries: 0 })
  for (const Model of [OpenAIChatCompletionsModel, OpenAIResponsesModel]) {
    for (const name of bothWays('tool')) {
      const clerk = new Agent({
        name: 'Clerk',
        instructions: 'Look it up.',
        model: new Model(client, name),
        tools: [lookUp]
      })
      t.equal((await run(clerk, 'Berlin')).finalOutput, 'tool said: Berlin is fine', `${Model.name} ${name}`)
    }
    for (const name of bothWays('words')) {
      const second = new Agent({ name: 'Second', model: new Model(client, name) })
      const [scenario = ''] = bothWays('tool')
      const first = new Agent({ name: 'First', model: new Model(client, scenario), handoffs: [handoff(second)] })
      const result = await run(first, 'one two')
      t.equal(result.lastAgent?.name, 'Second', `${Model.name} ${name}`)
      t.match(result.finalOutput, 'one two')
    }
    const streamed = await run(new Agent({ name: 'Words', model: new Model(client, 'up/words') }), 'one two', {
      stream: true
    })
    let text = ''
    for await (const piece of streamed.toTextStream()) text += piece
    t.equal(text, 'one two')
  }
})
