import Type from 'typebox'
import type { Saved } from '../../src/media/media.ts'

export const MediaId = Type.Object({
  id: Type.String({ description: 'Letters, digits, `.`, `-` and `_`, at most 200.' })
})

export const MediaFile = Type.Object({
  id: Type.String(),
  url: Type.String({ description: 'Its address, without the host.' }),
  contentType: Type.String(),
  size: Type.Integer({ description: 'Bytes.' }),
  savedAt: Type.Integer(),
  expiresAt: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    description: 'When it will be gone; null: it is kept.'
  })
})

export const MediaMeta = Type.Object({
  contentType: Type.String(),
  savedAt: Type.Integer(),
  size: Type.Integer({ description: 'Bytes.' })
})

export const Binary = {
  description: 'The file.',
  content: { '*/*': { schema: { type: 'string', format: 'binary' } } }
}

export const toFile = ({ id, contentType, size, savedAt, expiresAt }: Saved, url: string) => ({
  id,
  url,
  contentType,
  size,
  savedAt,
  expiresAt
})
