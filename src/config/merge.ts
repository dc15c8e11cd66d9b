type Json = Record<string, unknown>

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A value with a patch applied (JSON Merge Patch, RFC 7396): keys that the patch has as null are taken out, lists are
 * replaced. Neither is changed.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const merged = new Map(Object.entries(isRecord(target) ? target : {}))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else merged.set(key, mergePatch(merged.get(key), value))
  }
  return Object.fromEntries(merged)
}

/** The patch that makes one value of the other; undefined where they are the same. */
export function patchBetween(before: unknown, after: unknown): unknown {
  if (!isRecord(before) || !isRecord(after)) return same(before, after) ? undefined : after
  const patch: [string, unknown][] = []
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (!Object.hasOwn(after, key)) patch.push([key, null])
    else if (!Object.hasOwn(before, key)) patch.push([key, after[key]])
    else patch.push([key, patchBetween(before[key], after[key])])
  }
  const changed = patch.filter(([, value]) => value !== undefined)
  return changed.length > 0 ? Object.fromEntries(changed) : undefined
}

/** A place where two values differ; a key that one alone has is told as a whole. */
export interface Difference {
  /** Dotted, as in `gateway.port`. */
  path: string
  /** Undefined where there is nothing. */
  from: unknown
  to: unknown
}

/** Whether one of two dotted paths is the other, or above it. */
export const overlaps = (one: string, other: string): boolean =>
  one === other || one.startsWith(`${other}.`) || other.startsWith(`${one}.`)

/**
 * Where two JSON values differ, in the order of their keys; none: they are the same. Lists are compared whole.
 * @param path of the two themselves, before that of each difference
 */
export function differences(from: unknown, to: unknown, path = ''): Difference[] {
  if (!isRecord(from) || !isRecord(to)) return same(from, to) ? [] : [{ path, from, to }]
  const keys = new Set([...Object.keys(from), ...Object.keys(to)])
  return [...keys].flatMap((key) => differences(from[key], to[key], path ? `${path}.${key}` : key))
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
