import Type from 'typebox'

interface Range {
  least: number
  most: number
  usual: number
}

/** A `limit` in a query: out of range is clamped, what is not a number means the default; it is never refused. */
export function limitParameter({ least, most, usual }: Range) {
  return {
    schema: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        description: `How many at most, from ${least} to ${most} (clamped). Default ${usual}.`,
        examples: [String(usual)]
      })
    ),
    read(text: string | undefined): number {
      const value = Number(text || NaN)
      return Number.isNaN(value) ? usual : Math.min(most, Math.max(least, Math.trunc(value)))
    }
  }
}
