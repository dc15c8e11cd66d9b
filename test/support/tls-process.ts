import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { TOKENS } from './gateway.ts'
import { type GatewayProcess, startProcess } from './process.ts'
import { type Authority, createAuthority } from './tls.ts'

export const ROBOT = { subject: '/O=Example/CN=robot' }
const CLIENTS = [
  { subject: 'CN=robot,O=Example', id: 'robot', scopes: ['rpc'] },
  { san: 'URI:spiffe://example/reader', id: 'reader', scopes: ['api'] }
]

export interface Served {
  authority: Authority
  process: GatewayProcess
  url: string
}

/** A gateway that asks for certificates, and knows two clients by theirs. */
export async function serveTls(t: Test, tls: object = {}): Promise<Served> {
  const authority = await createAuthority(t)
  const { folder: cwd, caPath } = authority
  const server = await authority.issue('server', { subject: '/CN=localhost', san: 'DNS:localhost,IP:127.0.0.1' })
  const config = {
    gateway: { port: 0, tokens: TOKENS, tls: { ...server, caPath, clients: CLIENTS, ...tls } },
    providers: {},
    dataDir: join(cwd, 'data')
  }
  await writeFile(join(cwd, 'comis-gateway.yaml'), JSON.stringify(config))
  const process = startProcess(t, { cwd })
  return { authority, process, url: await process.url() }
}
