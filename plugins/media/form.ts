import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy'
import { GatewayError } from '../../src/errors.ts'
import type { Upload } from '../../src/media/media.ts'

/** What a form brings of an upload. */
export type FormFile = Omit<Upload, 'clientId'>

/** What a form may hold beside its file. */
export const MOST_ENVELOPE_BYTES = 65_536
const LIMITS = { files: 1, fields: 16, parts: 18, fieldSize: 1024, fieldNameSize: 200, headerPairs: 32 }

/**
 * The file of a form (RFC 7578), whose other fields are left out. What it gives ends only once the whole form was read: a form
 * that breaks off after its file is no upload.
 * @throws GatewayError `invalid_request` for what is not a form with one file
 */
export async function readForm(body: Readable, headers: IncomingHttpHeaders, leaving: AbortSignal): Promise<FormFile> {
  const form = openForm(headers)
  const first = Promise.withResolvers<{ stream: Readable; contentType: string } | undefined>()
  const whole = Promise.withResolvers<void>()
  const fail = (error: Error) => {
    body.unpipe(form)
    whole.reject(error)
    first.reject(error)
  }
  whole.promise.catch(() => {})
  first.promise.catch(() => {})
  form.on('file', (_field, stream, _name, _encoding, contentType) => {
    stream.on('error', () => {}) // told by what reads it
    whole.promise.catch((error: Error) => stream.destroy(error))
    first.resolve({ stream, contentType })
  })
  form.once('finish', () => {
    first.resolve(undefined)
    whole.resolve()
  })
  form.on('error', (cause) => fail(invalid('The form is not valid', cause)))
  form.once('filesLimit', () => fail(invalid('The form holds more than one file')))
  for (const limit of ['fieldsLimit', 'partsLimit'] as const) {
    form.once(limit, () => fail(invalid('The form holds too many fields')))
  }
  const leave = () => fail(new GatewayError('aborted', 'The upload broke off'))
  body.once('error', leave)
  leaving.addEventListener('abort', leave, { once: true })
  body.pipe(form)

  const file = await first.promise
  if (!file) throw invalid('The form holds no file')
  return { contentType: file.contentType, source: readWhole(file.stream, whole.promise) }
}

async function* readWhole(file: Readable, whole: Promise<void>): AsyncGenerator<Uint8Array> {
  yield* file.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
  await whole
}

function openForm(headers: IncomingHttpHeaders): BusboyInstance {
  try {
    return new Busboy({ headers: headers as BusboyHeaders, limits: LIMITS })
  } catch (error) {
    throw invalid('The form is not valid', error)
  }
}

const invalid = (message: string, cause?: unknown) => new GatewayError('invalid_request', message, { cause })
