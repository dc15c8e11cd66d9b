import type { Scope } from './schema.ts'

/** What is wrong with the scopes of a token; undefined: nothing. */
export function wrongWithScopes(scopes: readonly Scope[]): string | undefined {
  if (scopes.length === 0) return 'expected a list of at least 1'
  if (scopes.includes('mcp-client') && scopes.length > 1) return '"mcp-client" cannot stand beside another scope'
  return undefined
}
