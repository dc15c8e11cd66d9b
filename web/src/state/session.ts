import { signal } from '@preact/signals'
import {
  ClientError,
  GatewayClient,
  type MethodName,
  type Params,
  type Result,
  type SocketStatus
} from '../../../client/index.ts'
import { GATEWAY, tabStorage } from './place.ts'
import { toast } from './toasts.ts'

export type Scope = Result<'system.whoami'>['scopes'][number]

export interface SignedIn {
  client: GatewayClient
  clientId: string
  scopes: readonly Scope[]
  version: string
}

/** Who is signed in; undefined: nobody, `pending`: it is being found out. */
export const session = signal<SignedIn | 'pending' | undefined>('pending')
/** Why the sign-in is asked for. */
export const refusal = signal('')
export const connection = signal<SocketStatus>('idle')

const REFUSALS: Partial<Record<ClientError['reason'], string>> = {
  unauthorized: 'This token is not valid. It may have been revoked, or have expired.',
  forbidden: 'This token may not open the dashboard: it needs the scope “rpc” or “admin”.',
  connection: 'The gateway cannot be reached.'
}

/** Signs in with a token, which is kept for this tab. */
export async function signIn(token: string): Promise<void> {
  refusal.value = ''
  const client = new GatewayClient({ url: GATEWAY, token, backOff: { maxMs: 5000 } })
  try {
    const me = await client.rpc('system.whoami')
    tabStorage.set('token', token)
    client.onStatus((status) => onStatus(client, status))
    connection.value = 'idle'
    session.value = { client, ...me }
  } catch (error) {
    client.close()
    const reason = error instanceof ClientError ? error.reason : undefined
    // A gateway that is busy or away says nothing about the token.
    if (reason === 'unauthorized' || reason === 'forbidden') tabStorage.set('token', undefined)
    refusal.value = (reason && REFUSALS[reason]) ?? messageOf(error)
    session.value = undefined
  }
}

function onStatus(client: GatewayClient, status: SocketStatus): void {
  if (current()?.client !== client) return
  connection.value = status
  if (status === 'unauthorized') signOut(REFUSALS.unauthorized)
}

export function signOut(reason = ''): void {
  const { client } = current() ?? {}
  tabStorage.set('token', undefined)
  tabStorage.set('session', undefined)
  refusal.value = reason
  session.value = undefined
  client?.close()
}

const current = () => (session.value === 'pending' ? undefined : session.value)

/** Takes the token of the address (a fragment, which no server sees), or the one of this tab. */
export async function resumeSession(): Promise<void> {
  // A plus is part of a token, not the space that it means in a form.
  const told = new URLSearchParams(location.hash.slice(1).replaceAll('+', '%2B')).get('token')
  if (told) history.replaceState(null, '', location.pathname + location.search)
  const token = told ?? tabStorage.get('token')
  if (!token) return void (session.value = undefined)
  current()?.client.close()
  session.value = 'pending'
  await signIn(token)
}

/** The client of whoever is signed in. @throws ClientError when nobody is any more */
export function client(): GatewayClient {
  const signedIn = current()
  if (!signedIn) throw new ClientError('Signed out', { reason: 'closed' })
  return signedIn.client
}

/** Calls a method; above the rate of the socket over HTTP, which has a limit of its own. */
export async function call<M extends MethodName>(
  method: M,
  params: Params<M>,
  signal?: AbortSignal
): Promise<Result<M>> {
  const at = client()
  try {
    return (await at.callAny(method, params, { signal })) as Result<M>
  } catch (error) {
    if (!(error instanceof ClientError) || error.reason !== 'rate_limited') throw error
    return await at.rpc(method, ...([params, { signal }] as never))
  }
}

/** Whether the token holds the scope; `*` is all that a dashboard asks for. */
export function may(scope: 'rpc' | 'admin'): boolean {
  const scopes = current()?.scopes ?? []
  return scopes.includes('*') || scopes.includes(scope)
}

/** Whose something is, where it is not one's own. */
export function ownerOf(clientId: string): string | undefined {
  return current()?.clientId === clientId ? undefined : clientId
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const issues = error instanceof ClientError ? error.issues : []
  return issues.length > 0 ? issues.map(({ path, message }) => `${path}: ${message}`).join('; ') : error.message
}

/** Tells of a failure. One that means that the token has ended leads back to the sign-in. */
export function fail(error: unknown): void {
  if (error instanceof ClientError && error.reason === 'unauthorized') return signOut(REFUSALS.unauthorized)
  if (error instanceof DOMException && error.name === 'AbortError') return
  if (error instanceof ClientError && error.reason === 'closed') return
  toast(messageOf(error), 'bad')
}
