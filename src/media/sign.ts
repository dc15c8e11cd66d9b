import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Addresses that let whoever has them read one file until a time. */
export interface Signer {
  /** @param expires seconds since the epoch */
  sign(id: string, expires: number): string
  /** Whether it is a signature of ours for this id and time, and the time is not over. */
  verify(id: string, expires: number, signature: string): boolean
}

const KEY_BYTES = 32

/** HMAC-SHA256 with a key of this gateway's own, made at the first start. */
export function openSigner(dataDir: string): Signer {
  const key = readKey(join(dataDir, 'media.key'))
  const sign = (id: string, expires: number) =>
    createHmac('sha256', key).update(`media\n${id}\n${expires}`).digest('base64url')
  return {
    sign,
    verify(id, expires, signature) {
      if (!Number.isSafeInteger(expires) || expires * 1000 <= Date.now()) return false
      const [wanted, given] = [Buffer.from(sign(id, expires)), Buffer.from(signature)]
      return wanted.length === given.length && timingSafeEqual(wanted, given)
    }
  }
}

function readKey(path: string): Buffer {
  try {
    const handle = openSync(path, 'wx', 0o600)
    writeSync(handle, randomBytes(KEY_BYTES))
    fsyncSync(handle)
    closeSync(handle)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const key = readFileSync(path)
  if (key.length !== KEY_BYTES) throw new Error(`${path} does not hold a key of ${KEY_BYTES} bytes: remove it`)
  return key
}
