import Type from 'typebox'

export const agentSummary = {
  id: Type.String(),
  name: Type.String(),
  provider: Type.String(),
  model: Type.String({ description: 'Empty while the provider, which is to name one, cannot be asked.' }),
  status: Type.Enum(['active', 'suspended'])
}

export const AgentList = Type.Object(
  {
    agents: Type.Array(
      Type.Object({
        ...agentSummary,
        messagesToday: Type.Integer({
          description: 'Messages it has answered, or failed to, since midnight UTC: its turns that ended.'
        }),
        tokenUsageToday: Type.Integer({ description: 'Tokens, in and out, of these.' })
      })
    )
  },
  { description: 'All agents.' }
)
