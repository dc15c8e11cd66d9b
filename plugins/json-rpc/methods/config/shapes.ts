import Type from 'typebox'

const paths = (description: string) => Type.Array(Type.String(), { description })

export const Changed = Type.Object(
  {
    version: Type.Integer({ description: 'That is now.' }),
    paths: paths('The keys that differ from before; empty: nothing was changed.'),
    restart: paths('Those of them that take effect at the next start; the others did at once.'),
    overridden: paths('Those of them that a flag or the environment says otherwise, for as long as it does.')
  },
  { description: 'What was changed.' }
)

/** A key of the configuration. */
export const Path = Type.Union([Type.String({ maxLength: 1000 }), Type.Array(Type.String(), { maxItems: 16 })], {
  description:
    'a key, dotted as in `gateway.port`; a list where a key itself holds a dot: `["agents", "gpt-5.1", "model"]`.'
})

export const keysOf = (path: string | string[]): string[] => (typeof path === 'string' ? path.split('.') : path)
