import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { embed, generateText, stepCountIs, streamText, tool } from 'ai'
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

const lookUp = tool({
  description: 'Looks something up',
  inputSchema: z.object({ query: z.string() }),
  execute: async ({ query }) => `${query} is fine`
})

t.test('the AI SDK, over all three of its ways to ask', async (t) => {
  const baseURL = await openAiGateway(t, upstream)
  const openai = createOpenAI({ baseURL, apiKey: SECRETS.api })
  const compatible = createOpenAICompatible({ name: 'gateway', baseURL, apiKey: SECRETS.api, includeUsage: true })
  const ways = { responses: openai.responses, chat: openai.chat, compatible }
  for (const [way, modelOf] of Object.entries(ways)) {
    for (const name of bothWays('words')) {
      const model = modelOf(name)
      const whole = await generateText({ model, prompt: 'one two three', maxRetries: 0 })
      t.match(
        [whole.text, whole.finishReason, whole.usage.outputTokens],
        ['one two three', 'stop', 3],
        `${way} ${name}`
      )
      const stream = streamText({ model, prompt: 'one two three', maxRetries: 0 })
      let text = ''
      for await (const delta of stream.textStream) text += delta
      t.same([text, await stream.finishReason, (await stream.usage).outputTokens], ['one two three', 'stop', 3])
    }
    for (const name of bothWays('tool')) {
      const answered = await generateText({
        model: modelOf(name),
        prompt: 'Berlin',
        tools: { look_up: lookUp },
        stopWhen: stepCountIs(3),
        maxRetries: 0
      })
      t.equal(answered.text, 'tool said: Berlin is fine', `${way} ${name}`)
      t.equal(answered.steps.length, 2)
    }
    if (way === 'chat') continue // this one does not read reasoning
    const thought = await generateText({ model: modelOf('up/reasoning'), prompt: 'x', maxRetries: 0 })
    t.equal(thought.reasoningText, 'First I think. ', way)
  }
})

t.test('its embeddings', async (t) => {
  const baseURL = await openAiGateway(t, upstream)
  const openai = createOpenAI({ baseURL, apiKey: SECRETS.api })
  const { embedding } = await embed({ model: openai.embedding('offline/embeddings-en'), value: 'a text' })
  t.equal(embedding.length, 512)
})
