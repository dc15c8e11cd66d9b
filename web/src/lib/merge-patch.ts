type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** What turns one value into another, as a merge patch (RFC 7396); undefined: nothing is to be done. */
export function mergePatch(from: unknown, to: unknown): unknown {
  if (same(from, to)) return undefined
  if (!isObject(from) || !isObject(to)) return to === undefined ? null : to
  const patch: Json = {}
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const change = to[key] === undefined && from[key] !== undefined ? null : mergePatch(from[key], to[key])
    if (change !== undefined) patch[key] = change
  }
  return Object.keys(patch).length > 0 ? patch : undefined
}

export interface Change {
  path: string
  from: unknown
  to: unknown
}

/** In what two values differ, leaf by leaf. */
export function changesBetween(from: unknown, to: unknown, path = ''): Change[] {
  if (same(from, to)) return []
  if (!isObject(from) || !isObject(to)) return [{ path, from, to }]
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])]
  return keys.flatMap((key) => changesBetween(from[key], to[key], path ? `${path}.${key}` : key))
}
