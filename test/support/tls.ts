import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { SecureContextOptions, TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { temporaryFolder } from './gateway.ts'

const run = promisify(execFile)
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

export interface Issue {
  /** As in `/O=Example/CN=robot`. */
  subject: string
  /** As OpenSSL's configuration has it: `DNS:a.example,URI:…`. */
  san?: string
  /** Days from now on which it ends; before today it has expired. Default 2. */
  days?: number
}

export interface Issued {
  certPath: string
  keyPath: string
}

/** An authority of the test's own. */
export interface Authority {
  folder: string
  caPath: string
  /** Signs a certificate, into files of that name; files that are there are replaced. */
  issue(name: string, issue: Issue): Promise<Issued>
}

export async function createAuthority(t: Test, subject = '/CN=Test Authority'): Promise<Authority> {
  const folder = await temporaryFolder(t)
  const [caPath, caKey] = [join(folder, 'ca.pem'), join(folder, 'ca.key')]
  await run('openssl', ['req', '-x509', ...CURVE, '-keyout', caKey, '-out', caPath, '-subj', subject, '-days', '2'])
  return {
    folder,
    caPath,
    async issue(name, { subject, san, days = 2 }) {
      const [certPath, keyPath, csr, ext] = ['.pem', '.key', '.csr', '.ext'].map((end) => join(folder, name + end)) as [
        string,
        string,
        string,
        string
      ]
      await writeFile(ext, san ? `subjectAltName=${san}\n` : 'basicConstraints=CA:FALSE\n')
      await run('openssl', ['req', ...CURVE, '-keyout', keyPath, '-out', csr, '-subj', subject])
      const by = ['-CA', caPath, '-CAkey', caKey, '-set_serial', serial(), '-days', String(days), '-extfile', ext]
      await run('openssl', ['x509', '-req', '-in', csr, ...by, '-out', certPath])
      return { certPath, keyPath }
    }
  }
}

/** Of its own for each: a file of serial numbers is lost where several are signed at once. */
const serial = () => `0x${randomBytes(8).toString('hex')}`

/** What a client connects with. */
export async function clientOf(authority: Authority, issued?: Issued): Promise<SecureContextOptions> {
  const ca = await readFile(authority.caPath)
  if (!issued) return { ca }
  return { ca, cert: await readFile(issued.certPath), key: await readFile(issued.keyPath) }
}

export interface Asked {
  status: number
  headers: Record<string, unknown>
  text: string
  /** The serial number of the server's certificate. */
  serial: string
}

/**
 * Asks over a connection of its own.
 * @param body sent by POST, as JSON
 * @throws when the handshake fails
 */
export function ask(
  url: string,
  tls: SecureContextOptions,
  headers: Record<string, string> = {},
  body?: object
): Promise<Asked> {
  const sent = body
    ? { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }
    : { method: 'GET', headers }
  return new Promise((resolve, reject) => {
    const asked = httpsRequest(url, { ...tls, ...sent, agent: false, servername: 'localhost' }, (response) => {
      const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate()
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, serial: serialNumber })
      )
    })
    asked.on('error', reject).end(body && JSON.stringify(body))
  })
}
