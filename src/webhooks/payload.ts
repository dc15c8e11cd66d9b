import { isUtf8 } from 'node:buffer'
import { GatewayError } from '../errors.ts'
import type { Json } from '../json.ts'

/** A body that is known to be JSON. */
export interface Payload {
  /** As it came. */
  text: string
  value: Json
}

const MOST_DEEP = 100
const [QUOTE, BACKSLASH] = [0x22, 0x5c]
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])

/**
 * Reads a body whose signature was checked.
 * @throws GatewayError `invalid_request` for what is no JSON in UTF-8, or is nested too deep
 */
export function readPayload(body: Buffer): Payload {
  if (!isUtf8(body)) throw invalid('Invalid JSON body')
  if (depthOf(body) > MOST_DEEP) throw invalid(`Invalid JSON body: nested more than ${MOST_DEEP} levels deep`)
  const text = body.toString('utf8')
  try {
    return { text, value: JSON.parse(text) as Json }
  } catch {
    throw invalid('Invalid JSON body')
  }
}

/** An own property of a payload. */
export function partOf(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, key) ? value[key] : undefined
}

/** The same, where it is text that is not blank. */
export function textOf(value: Json | undefined, key: string): string | undefined {
  const found = partOf(value, key)
  return typeof found === 'string' && found.trim() !== '' ? found : undefined
}

/** Counted before it is parsed: what nests deep enough breaks whoever walks over it. */
function depthOf(body: Buffer): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let index = 0; index < body.length; index++) {
    const byte = body[index] as number
    if (inString) {
      if (byte === BACKSLASH) index++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if (OPENING.has(byte)) deepest = Math.max(deepest, ++depth)
    else if (CLOSING.has(byte)) depth--
  }
  return deepest
}

const invalid = (message: string) => new GatewayError('invalid_request', message)
