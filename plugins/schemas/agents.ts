import Type from 'typebox'

export const AgentList = Type.Object(
  {
    agents: Type.Array(
      Type.Object({
        id: Type.String(),
        name: Type.String(),
        provider: Type.String(),
        model: Type.String({ description: 'Empty while the provider, which is to name one, cannot be asked.' }),
        status: Type.Enum(['active', 'suspended'])
      })
    )
  },
  { description: 'All agents.' }
)
