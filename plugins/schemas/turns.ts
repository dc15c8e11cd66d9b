import Type from 'typebox'

export const TurnList = Type.Object(
  {
    turns: Type.Array(
      Type.Object({
        id: Type.String(),
        clientId: Type.String(),
        agentId: Type.Optional(Type.String()),
        model: Type.Optional(Type.String({ description: '`provider/model`, for a turn of a model alone.' })),
        sessionKey: Type.Optional(Type.String()),
        startedAt: Type.Integer({ description: 'Milliseconds since the epoch.' })
      })
    )
  },
  { description: 'The running turns of the client; for the scope `admin` those of all.' }
)
