import Type, { type Static } from 'typebox'

/** The scopes a token may hold. They are flat: none implies another, but `*` stands for all except `mcp-client`. */
export const Scope = Type.Enum(['rpc', 'admin', 'api', 'mcp-client', '*'], {
  description:
    'rpc: client operations; admin: operate the gateway; api: only /v1; mcp-client: only /mcp/v1; *: all others'
})
export type Scope = Static<typeof Scope>
