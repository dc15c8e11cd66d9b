import Type from 'typebox'

/** Whose entries; what belongs to everyone, or to all agents, is always among them. */
export const scope = {
  clientId: Type.Optional(Type.String({ description: 'Only what belongs to this client, or to everyone.' })),
  agentId: Type.Optional(Type.String({ description: 'Only what this agent remembers.' }))
}

export const before = Type.Optional(Type.String({ description: '`next` of the page before.' }))

export const limit = (most: number, usual: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: most, default: usual, description: 'How many at most.' }))
