import { ConfigError } from '../../src/config/error.ts'
import { asGatewayError, type ErrorCode } from '../../src/errors.ts'
import type { Issue } from '../../src/schema/explain.ts'
import type { ErrorForm } from '../errors/index.ts'

/** The codes of the specification (JSON-RPC 2.0, section 5.1), and the one for everything that is the gateway's own. */
export const CODES = {
  parseError: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
  server: -32_000
} as const

/** An error as a caller is told it. A handler that throws one decides its code, message and data. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

const MOST_ISSUES = 10

const coded = (code: number, message: string, own: ErrorCode) => new RpcError(code, message, { code: own })

/** Of these the code says all there is; their answers are those of the specification, letter for letter. */
export const parseError = () => new RpcError(CODES.parseError, 'Parse error')
export const invalidRequest = (message = 'Invalid Request') => new RpcError(CODES.invalidRequest, message)
export const methodNotFound = () => new RpcError(CODES.methodNotFound, 'Method not found')
export const rateLimited = () => coded(CODES.server, 'Message rate limit exceeded', 'rate_limited')
export const insufficientScope = (scope: string) =>
  coded(CODES.internal, `Insufficient scope: requires '${scope}'`, 'forbidden')
export const invalidParams = (issues: Issue[]) =>
  new RpcError(CODES.invalidParams, 'Invalid params', {
    code: 'invalid_request' satisfies ErrorCode,
    issues: issues.slice(0, MOST_ISSUES).map(({ path, message }) => ({ path, message }))
  })

/** What is wrong with what was asked for, and no failure of the gateway. */
const OF_PARAMS: ReadonlySet<ErrorCode> = new Set(['invalid_request', 'unknown_agent', 'model_not_found'])

/** What any thrown value comes to. Errors that are not known to be safe to show become a bare internal error. */
export function toRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error
  if (error instanceof ConfigError) return invalidParams(error.issues)
  const { code, message, param, reason, retryAfterSeconds } = asGatewayError(error)
  if (code === 'internal') return coded(CODES.internal, 'Internal error', code)
  if (code === 'storage_full' || code === 'storage_failed') return coded(CODES.internal, message, code)
  if (code === 'forbidden') return insufficientScope(reason ?? 'admin')
  const known = Object.entries({ code, reason, retryAfterSeconds }).filter(([, value]) => value !== undefined)
  const issues = param === undefined ? [] : [{ path: param, message }]
  const data = { ...Object.fromEntries(known), ...(issues.length > 0 && { issues }) }
  return new RpcError(OF_PARAMS.has(code) ? CODES.invalidParams : CODES.server, message, data)
}

const OF_STATUS: Record<number, number> = {
  403: CODES.internal,
  404: CODES.methodNotFound,
  405: CODES.invalidRequest,
  413: CODES.invalidRequest,
  415: CODES.invalidRequest,
  431: CODES.invalidRequest,
  500: CODES.internal,
  507: CODES.internal
}

/** How `/rpc` tells what HTTP refuses before any call is looked at. */
export const rpcForm: ErrorForm = ({ status, message, code }) => ({
  jsonrpc: '2.0',
  error: { code: OF_STATUS[status] ?? CODES.server, message, data: { code } },
  id: null
})
