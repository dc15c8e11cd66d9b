import { GatewayError } from '../../src/errors.ts'
import type { FilePart } from '../../src/models/message.ts'
import { isMediaAddress } from './media-parts.ts'

/**
 * A file that a client gives by its address, which may be `/media/:id` here, or inline as a `data:` URL.
 * @param usualType where the address does not tell
 * @param path of the field, for the error
 * @throws GatewayError `invalid_request`
 */
export function toFile(url: string, usualType: string, path: string): FilePart {
  const inline = /^data:([^;,]+)?(?:;[^,]*)?;base64,(.*)$/s.exec(url)
  if (inline) return { type: 'file', mediaType: inline[1] ?? usualType, data: { base64: inline[2] ?? '' } }
  if (!isMediaAddress(url) && (!/^https?:\/\//.test(url) || !URL.canParse(url))) {
    throw new GatewayError(
      'invalid_request',
      `Invalid field: ${path}: expected an http(s) address, /media/:id or a base64 data: URL`,
      { param: path }
    )
  }
  return { type: 'file', mediaType: usualType, data: { url } }
}

type Filled<T> = { [K in keyof T]?: Exclude<T[K], null> }

/** Without the settings that were left out: those of the agent, spread under these, must show through. */
export function dropEmpty<T extends object>(settings: T): Filled<T> {
  const filled: Partial<T> = {}
  for (const key in settings) if (settings[key] !== undefined && settings[key] !== null) filled[key] = settings[key]
  return filled as Filled<T>
}
