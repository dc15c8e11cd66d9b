import { Config } from './schema.ts'

interface Shape {
  'x-restart'?: boolean
  'x-file-only'?: boolean
  properties?: Record<string, Shape>
  patternProperties?: Record<string, Shape>
}

/**
 * Whether a key can be changed at run time, as its place in the schema says: `live` takes effect at once, `restart` at the
 * next start, `file` is for the file alone. What stands below a key is as the key is.
 * @param path dotted, as in `gateway.port`
 */
export function ruleOf(path: string): 'live' | 'restart' | 'file' {
  let at: Shape | undefined = Config as Shape
  let rule: 'live' | 'restart' = 'live'
  for (const key of path.split('.')) {
    at = at?.properties?.[key] ?? Object.values(at?.patternProperties ?? {})[0]
    if (at?.['x-file-only']) return 'file'
    if (at?.['x-restart']) rule = 'restart'
  }
  return rule
}
