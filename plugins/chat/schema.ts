import Type, { type Static } from 'typebox'

/** What `POST /api/chat` takes. The order is that of params by position in JSON-RPC: what is new comes last. */
export const ChatBody = Type.Object({
  message: Type.String({ minLength: 1, description: 'What the user says.' }),
  agentId: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Who answers; left out: the default agent, or the first that the token may use.'
    })
  ),
  sessionKey: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: 'The conversation to go on with; left out: a new one.' })
  ),
  model: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'The model that answers this message in place of the agent’s own: `provider/model`.'
    })
  ),
  attachments: Type.Optional(
    Type.Array(
      Type.Object({
        id: Type.String({ minLength: 1, description: 'As `POST /media` answered.' }),
        name: Type.Optional(Type.String({ maxLength: 255, description: 'What the sender calls the file.' }))
      }),
      { maxItems: 16, description: 'Files of the gateway’s media that go with the message, 20 MiB together.' }
    )
  )
})
export type ChatBody = Static<typeof ChatBody>

export const TokensUsed = Type.Object({
  input: Type.Integer(),
  output: Type.Integer(),
  total: Type.Integer()
})

export const FinishReason = Type.Enum(
  ['stop', 'max_steps', 'budget_exceeded', 'length', 'tool_calls', 'content_filter', 'aborted', 'error'],
  { description: 'Why the answer ended.' }
)

export const ChatAnswer = Type.Object(
  {
    response: Type.String({ description: 'The whole answer.' }),
    tokensUsed: TokensUsed,
    finishReason: FinishReason,
    sessionKey: Type.String({ description: 'Send it with the next message to go on with this conversation.' }),
    sessionId: Type.String({ description: 'The same, under the name that dashboards of the Comis gateway read.' }),
    turnId: Type.String()
  },
  { description: 'The answer.' }
)
export type ChatAnswer = Static<typeof ChatAnswer>

/** How the stream of `/api/chat/stream` reads. */
export const ChatStream = {
  description: `Events: \`token\` {"delta","accumulated"}; \`reasoning\` {"delta"}; \`tool_call\` {"callId","name","delta","runBy"};
\`tool_result\` {"callId","name","output"}; at the end \`done\` {"response","tokensUsed","finishReason","sessionKey"} or
\`error\` {"error"}. Ids are \`<turnId>:<n>\`.`,
  content: { 'text/event-stream': { schema: Type.String() } }
}
