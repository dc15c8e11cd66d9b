import type { Issue } from '../schema/explain.ts'
import type { Config, TlsClient } from './schema.ts'
import { wrongWithScopes } from './scopes.ts'

/** What contradicts itself in `gateway.tls`; whether its files are of use only shows when they are read. */
export function tlsIssues({ gateway: { tls } }: Config): Issue[] {
  if (!tls) return []
  const issues: Issue[] = []
  if (tls.requireClientCert && !tls.caPath) {
    const message = 'nothing tells which certificates are good: set gateway.tls.caPath'
    issues.push({ path: 'gateway.tls.requireClientCert', message })
  }
  const seen = new Set<string>()
  for (const [index, client] of tls.clients.entries()) {
    const path = `gateway.tls.clients.${index}`
    issues.push(...clientIssues(client, path))
    const name = `${client.subject ?? ''} ${client.san ?? ''}`
    if (seen.has(name)) issues.push({ path, message: 'another client has the same certificates' })
    seen.add(name)
  }
  return issues
}

function clientIssues({ subject, san, scopes }: TlsClient, path: string): Issue[] {
  const issues: Issue[] = []
  if ((subject === undefined) === (san === undefined))
    issues.push({ path, message: 'expected either `subject` or `san`' })
  const wrong = wrongWithScopes(scopes)
  if (wrong) issues.push({ path: `${path}.scopes`, message: wrong })
  return issues
}
