import type { Json } from '../json.ts'

/** What a template can name. */
export interface TemplateScope {
  payload: Json
  /** By lower-case name. */
  headers: Readonly<Record<string, string>>
  query: Readonly<Record<string, string>>
  /** The part of the address that the mapping was found by. */
  path: string
  /** Milliseconds since the epoch, when the delivery came. */
  receivedAt: number
}

/** A template that was read once and is filled in for each delivery. */
export interface Template {
  /** Lower-case names of the headers that it names. */
  readonly headers: readonly string[]
  /** The parameters of the query that it names. */
  readonly query: readonly string[]
  /**
   * Fills it in. What is not there becomes empty; objects and lists become JSON.
   * @param most characters; what is longer is cut off
   */
  render(scope: TemplateScope, most: number): string
}

/** A template that cannot be read; the message says where. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

type Step = string | number
type Part =
  | string
  | { root: 'payload'; steps: Step[] }
  | { root: 'headers' | 'query'; name: string }
  | { root: 'path' | 'now' }

const MOST_STEPS = 32
const EXPRESSION = /\{\{([^{}]*)\}\}/g
/** One step of a path: a name, an index, or a name in quotes for what no plain name can be. */
const STEP = /\.?([^\s.[\]{}"']+)|\[(\d{1,9})\]|\[(?:"([^"]*)"|'([^']*)')\]/y

/**
 * Reads a template: `{{payload.a.b[0].c}}`, `{{headers.x-y}}`, `{{query.k}}`, `{{path}}`, `{{now}}`; no prefix means the
 * payload; `["a.b"]` names what holds a dot.
 * @throws TemplateError
 */
export function compileTemplate(text: string): Template {
  const parts: Part[] = []
  let end = 0
  for (const match of text.matchAll(EXPRESSION)) {
    addText(parts, text.slice(end, match.index), end)
    parts.push(readExpression((match[1] ?? '').trim(), match.index))
    end = match.index + match[0].length
  }
  addText(parts, text.slice(end), end)
  const named = (root: 'headers' | 'query') =>
    parts.flatMap((part) => (typeof part === 'object' && part.root === root ? [part.name] : []))
  return {
    headers: [...new Set(named('headers'))],
    query: [...new Set(named('query'))],
    render: (scope, most) => render(parts, scope, most)
  }
}

function addText(parts: Part[], text: string, at: number): void {
  const stray = /\{\{|\}\}/.exec(text)
  if (stray) throw new TemplateError(`"${stray[0]}" without its other half at character ${at + stray.index + 1}`)
  if (text) parts.push(text)
}

function readExpression(text: string, at: number): Part {
  const steps = readSteps(text, at)
  const [root, ...rest] = steps
  if (root === 'payload') return { root, steps: rest }
  if (root === 'path' || root === 'now') {
    if (rest.length > 0) throw new TemplateError(`"${text}" at character ${at + 1}: ${root} has no parts`)
    return { root }
  }
  if (root !== 'headers' && root !== 'query') return { root: 'payload', steps }
  const [name, more] = rest
  if (name === undefined || more !== undefined) {
    throw new TemplateError(`"${text}" at character ${at + 1}: expected one name after ${root}`)
  }
  return { root, name: root === 'headers' ? String(name).toLowerCase() : String(name) }
}

function readSteps(text: string, at: number): Step[] {
  const steps: Step[] = []
  STEP.lastIndex = 0
  while (STEP.lastIndex < text.length) {
    const start = STEP.lastIndex
    const match = STEP.exec(text)
    const dotted = match?.[0].startsWith('.')
    const [, name, index, ...quoted] = match ?? []
    // A dot stands between two names, and nowhere else.
    if (!match || dotted !== (start > 0 && name !== undefined)) break
    steps.push(index === undefined ? (name ?? quoted[0] ?? quoted[1] ?? '') : Number(index))
    if (match.index + match[0].length === text.length) return checkSteps(steps, at)
  }
  throw new TemplateError(`"${text}" at character ${at + 1} is not a path such as payload.a.b[0]`)
}

function checkSteps(steps: Step[], at: number): Step[] {
  if (steps.length > MOST_STEPS) throw new TemplateError(`more than ${MOST_STEPS} steps at character ${at + 1}`)
  return steps
}

function render(parts: readonly Part[], scope: TemplateScope, most: number): string {
  let text = ''
  for (const part of parts) {
    text += typeof part === 'string' ? part : valueOf(part, scope)
    if (text.length > most) return text.slice(0, most).toWellFormed()
  }
  return text.toWellFormed()
}

function valueOf(part: Exclude<Part, string>, scope: TemplateScope): string {
  switch (part.root) {
    case 'payload':
      return written(part.steps.reduce<Json | undefined>(own, scope.payload))
    case 'headers':
    case 'query': {
      const values = scope[part.root]
      return Object.hasOwn(values, part.name) ? (values[part.name] ?? '') : ''
    }
    case 'path':
      return scope.path
    case 'now':
      return new Date(scope.receivedAt).toISOString()
  }
}

/** Own properties only: neither a prototype nor the length of a list is part of a payload. */
function own(value: Json | undefined, step: Step): Json | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined
  return Object.hasOwn(value, step) ? value[step] : undefined
}

function written(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
