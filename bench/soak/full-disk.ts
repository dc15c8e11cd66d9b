import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fill } from '../../test/support/fill-disk.ts'
import { SoakedGateway, TOKEN } from './gateway.ts'
import { Ledger } from './ledger.ts'

export type Check = [what: string, found: string, ok: boolean | undefined]

const DISK = '24m'
const HOLD_MS = 8000

/**
 * A gateway on a disk of its own, which is filled up and freed again. Needs a file system to be mounted, and so root.
 * @returns undefined where that is not to be had
 */
export async function fillDisk(folder: string, upstream: string): Promise<Check[] | undefined> {
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  try {
    return await fillAndFree(folder, upstream, disk)
  } finally {
    execFileSync('umount', [disk])
  }
}

async function fillAndFree(folder: string, upstream: string, disk: string): Promise<Check[]> {
  const gateway = new SoakedGateway(join(folder, 'full'), upstream, join(disk, 'data'))
  const ledger = new Ledger()
  const statuses = new Map<number, number>()
  await gateway.start()
  try {
    for (let n = 0; n < 20; n++) await say(gateway.url, ledger, statuses)
    fill(disk)
    const from = Date.now()
    let ready = 200
    while (Date.now() - from < HOLD_MS) {
      await say(gateway.url, ledger, statuses)
      ready = (await fetch(`${gateway.url}/health/ready`)).status
      fill(disk)
      if (ready === 503 && (statuses.get(507) ?? 0) > 20) break
    }
    const health = (await fetch(`${gateway.url}/health`)).status
    rmSync(join(disk, 'filler'), { recursive: true })
    const again = await comesBack(gateway.url)
    for (let n = 0; n < 20; n++) await say(gateway.url, ledger, statuses)
    const code = await gateway.end('SIGKILL')
    await gateway.start()
    const lost = await ledger.lost(gateway.url)
    return [
      ['full disk: /health/ready', `${ready}`, ready === 503],
      ['full disk: /health', `${health}`, health === 200],
      ['full disk: ready again once freed', again ? 'yes' : 'no', again],
      ['full disk: answers', [...statuses].map(([status, count]) => `${count} × ${status}`).join(', '), undefined],
      [`full disk: lost of ${ledger.size} acknowledged, after ${code}`, `${lost}`, lost === 0]
    ]
  } finally {
    await gateway.end('SIGTERM')
  }
}

async function say(url: string, ledger: Ledger, statuses: Map<number, number>): Promise<void> {
  const message = randomUUID() + 'x'.repeat(2000)
  const response = await fetch(`${url}/api/chat`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ message, sessionKey: 'full' })
  })
  await response.text()
  statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
  if (response.status === 200) ledger.said('full', message)
}

async function comesBack(url: string): Promise<boolean> {
  for (let n = 0; n < 20; n++) {
    if ((await fetch(`${url}/health/ready`)).status === 200) return true
    await sleep(500)
  }
  return false
}
