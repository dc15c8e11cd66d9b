/** JSON that is well-formed, and refused all the same. Its message may be shown. */
export class RefusedJson extends SyntaxError {
  override readonly name = 'RefusedJson'
}

/** A hundred levels are more than any client sends, and far fewer than what fills a stack. */
const MOST_DEEP = 100
/** An escape may hide a letter of such a key. */
const MAY_POISON = /__proto__|constructor|\\u/

/**
 * Parses what a client sends (RFC 8259).
 * @throws SyntaxError; RefusedJson for what is nested too deep, and for keys that stand for a prototype: JSON may hold them, but
 * code that copies them could be made to change all objects there are
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text.charCodeAt(0) === 0xfe_ff ? text.slice(1) : text)
  if (text.length > MOST_DEEP * 2 && isDeep(text)) {
    throw new RefusedJson(`Invalid JSON: nested more than ${MOST_DEEP} levels deep`)
  }
  if (MAY_POISON.test(text) && isPoisoned(value)) {
    throw new RefusedJson('Invalid JSON: a key __proto__, or constructor with prototype in it, is not accepted')
  }
  return value
}

const QUOTE = 34
const BACKSLASH = 92
/** `[` and `{`, `]` and `}` differ in this bit alone. */
const CURLY = 32
const OPEN = 123
const CLOSE = 125

/** The text is JSON already: what opens outside of a string closes again. */
function isDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if ((code | CURLY) === OPEN && ++depth > MOST_DEEP) return true
    else if ((code | CURLY) === CLOSE) depth--
  }
  return false
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0
  while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++
  return slashes % 2 === 1
}

function isPoisoned(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(isPoisoned)
  return Object.entries(value).some(([key, inner]) => {
    if (key === '__proto__') return true
    const names = key === 'constructor' && typeof inner === 'object' && inner !== null
    return (names && Object.hasOwn(inner, 'prototype')) || isPoisoned(inner)
  })
}
