export const SCHEMES = ['hmac', 'github', 'standard-webhooks', 'bearer'] as const
export type Scheme = (typeof SCHEMES)[number]

export interface Unsigned {
  scheme: Scheme
  secret: string
  body: string
  /** Of the scheme `hmac`: `sha256`, `sha384` or `sha512`. */
  algorithm: string
  /** Of the scheme `hmac`: the header that holds the signature. */
  header: string
  /** What the delivery is called, so that it is taken once. */
  id: string
}

/** The headers by which a delivery proves who sent it. */
export async function sign({ scheme, secret, body, algorithm, header, id }: Unsigned): Promise<Record<string, string>> {
  const encoder = new TextEncoder()
  const seconds = String(Math.floor(Date.now() / 1000))
  switch (scheme) {
    case 'bearer':
      return { authorization: `Bearer ${secret}` }
    case 'github': {
      const signature = hex(await hmac('sha256', encoder.encode(secret), body))
      return { 'x-hub-signature-256': `sha256=${signature}`, 'x-github-delivery': id, 'x-github-event': 'ping' }
    }
    case 'standard-webhooks': {
      const key = secret.startsWith('whsec_') ? bytesOf(secret.slice(6)) : encoder.encode(secret)
      const signature = base64(await hmac('sha256', key, `${id}.${seconds}.${body}`))
      return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` }
    }
    case 'hmac': {
      const signature = hex(await hmac(algorithm, encoder.encode(secret), body))
      return { [header]: signature, 'x-webhook-timestamp': seconds, 'x-webhook-id': id }
    }
  }
}

/** A browser signs only on pages that nobody can have changed on their way. */
export const canSign = () => globalThis.isSecureContext

async function hmac(algorithm: string, secret: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array> {
  const hash = algorithm.replace('sha', 'SHA-')
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text)))
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes))
const bytesOf = (text: string) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
