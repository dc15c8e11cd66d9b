import { tool } from '@langchain/core/tools'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import t from 'tap'
import { z } from 'zod'
import { SECRETS } from '../support/gateway.ts'
import { bothWays, openAiGateway } from '../support/openai.ts'
import { startUpstream, type Upstream } from '../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

const lookUp = tool(async ({ query }) => `${query} is fine`, {
  name: 'look_up',
  description: 'Looks something up',
  schema: z.object({ query: z.string() })
})

t.test('LangChain, over chat completions and responses', async (t) => {
  const baseURL = await openAiGateway(t, upstream)
  for (const useResponsesApi of [false, true]) {
    const chat = (model: string) =>
      new ChatOpenAI({ model, apiKey: SECRETS.api, configuration: { baseURL }, useResponsesApi, maxRetries: 0 })
    for (const name of bothWays('words')) {
      const answer = await chat(name).invoke('one two three')
      t.equal(answer.text, 'one two three', name)
      t.equal(answer.usage_metadata?.output_tokens, 3)
      let text = ''
      for await (const chunk of await chat(name).stream('one two three')) text += chunk.text
      t.equal(text, 'one two three', name)
    }
    for (const name of bothWays('tool')) {
      const model = chat(name).bindTools([lookUp])
      const asked = await model.invoke('Berlin')
      const [call] = asked.tool_calls ?? []
      t.match(call, { name: 'look_up', args: { query: 'Berlin' } }, name)
      if (!call) continue
      const answered = await model.invoke([{ role: 'user', content: 'Berlin' }, asked, await lookUp.invoke(call)])
      t.equal(answered.text, 'tool said: Berlin is fine', name)
    }
  }
})

t.test('its embeddings', async (t) => {
  const baseURL = await openAiGateway(t, upstream)
  const embeddings = new OpenAIEmbeddings({
    model: 'offline/embeddings-en',
    apiKey: SECRETS.api,
    configuration: { baseURL }
  })
  const [one, other] = await embeddings.embedDocuments(['a text', 'another'])
  t.same([one?.length, other?.length], [512, 512])
})
