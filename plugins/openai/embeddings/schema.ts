import Type, { type Static } from 'typebox'

const optional = <T extends Type.TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))
const Tokens = Type.Array(Type.Integer({ minimum: 0 }))

/** What `POST /v1/embeddings` reads. Whatever else a client sends is accepted and ignored. */
export const EmbeddingBody = Type.Object({
  model: Type.String({
    minLength: 1,
    description: '`provider/model`, or the id of a model that one provider alone has.'
  }),
  input: Type.Union([Type.String(), Type.Array(Type.String()), Tokens, Type.Array(Tokens)], {
    description:
      'a text, a list of texts, a list of cl100k_base tokens, or a list of such lists; at most 2048, none empty'
  }),
  encoding_format: optional(
    Type.Enum(['float', 'base64'], { description: 'base64: little-endian 32-bit floats. Default: float.' })
  ),
  dimensions: optional(Type.Integer({ minimum: 1, description: 'Shortens the vectors. At most what the model has.' }))
})
export type EmbeddingBody = Static<typeof EmbeddingBody>

export const EmbeddingList = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(
      Type.Object({
        object: Type.Literal('embedding'),
        index: Type.Integer(),
        embedding: Type.Union([Type.Array(Type.Number()), Type.String()], {
          description: 'Numbers, or with `encoding_format: base64` a text. Its length as a vector is 1.'
        })
      }),
      { description: 'One for each input, in their order.' }
    ),
    model: Type.String({ description: 'As the request named it.' }),
    usage: Type.Object({ prompt_tokens: Type.Integer(), total_tokens: Type.Integer() })
  },
  { description: 'The vectors.' }
)
export type EmbeddingList = Static<typeof EmbeddingList>
