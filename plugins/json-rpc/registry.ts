import { Compile } from 'typebox/compile'
import { allows } from '../../src/access/principal.ts'
import { explain } from '../../src/schema/explain.ts'
import { serializer } from '../validation.ts'
import { insufficientScope, invalidParams } from './errors.ts'
import type { RpcCall, RpcMethod } from './method.ts'

/** A method made ready to be called. */
export interface Registered {
  readonly declared: RpcMethod
  /**
   * Checks scope and params, runs the handler, checks the result.
   * @returns the result as JSON text
   * @throws RpcError for a scope that is too narrow or params that do not fit, and what the handler throws
   */
  run(params: object, call: RpcCall): string | Promise<string>
}

/** All methods, by their names. */
export class Registry {
  readonly #methods = new Map<string, Registered>()

  /** @throws Error if a method of that name, or of one of its aliases, is there already */
  add(declared: RpcMethod): void {
    const registered = prepare(declared)
    for (const name of [declared.name, ...(declared.aliases ?? [])]) {
      if (this.#methods.has(name)) throw new Error(`There is a method "${name}" already`)
      this.#methods.set(name, registered)
    }
  }

  find(name: string): Registered | undefined {
    return this.#methods.get(name)
  }

  /** Every name with its method, in alphabetical order. */
  list(): [name: string, method: RpcMethod][] {
    return [...this.#methods]
      .map(([name, { declared }]): [string, RpcMethod] => [name, declared])
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
  }
}

/** Validators are compiled at their first use: a process sees few of all methods. */
function prepare(declared: RpcMethod): Registered {
  const { scope, result } = declared
  // A param that is misspelt is not to do something else than was meant.
  const schema = { additionalProperties: false, ...declared.params }
  const defaults =
    declared.fills === false
      ? []
      : Object.entries(schema.properties as Record<string, { default?: unknown }>).filter(
          ([, property]) => 'default' in property
        )
  const names = Object.keys(schema.properties)
  let params: ReturnType<typeof Compile> | undefined
  let results: ReturnType<typeof Compile> | undefined
  const serialize = serializer(result)

  function check(given: object): object {
    const named = withDefaults(Array.isArray(given) ? byName(names, given) : given)
    params ??= Compile(schema)
    if (params.Check(named)) return named
    throw invalidParams(explain(schema, params.Errors(named)))
  }

  function withDefaults(named: object): object {
    const missing = defaults.filter(([name]) => (named as Record<string, unknown>)[name] === undefined)
    if (missing.length === 0) return named
    return { ...named, ...Object.fromEntries(missing.map(([name, { default: value }]) => [name, value])) }
  }

  function encode(value: unknown): string {
    results ??= Compile(result)
    if (!results.Check(value)) throw new TypeError(`The result of ${declared.name} does not fit its schema`)
    return value === undefined ? 'null' : serialize(value)
  }

  return {
    declared,
    run(given, call) {
      if (scope && !allows(call.by, scope)) throw insufficientScope(scope)
      const outcome: unknown = declared.handler(check(given) as Record<string, unknown>, call)
      return outcome instanceof Promise ? outcome.then(encode) : encode(outcome)
    }
  }
}

function byName(names: string[], values: unknown[]): object {
  if (values.length > names.length) {
    throw invalidParams([{ path: String(names.length), message: `expected at most ${names.length} params` }])
  }
  return Object.fromEntries(values.map((value, index) => [names[index], value]))
}
