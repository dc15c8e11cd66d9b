import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'

/** With TEST_BUILT=1 what `npm run build` made, as it is published, which also starts in half the time. */
const LAUNCH = join(import.meta.dirname, '../..', process.env.TEST_BUILT === '1' ? 'dist' : '.', 'src/launch.js')

export interface GatewayProcess {
  child: ChildProcess
  /** Everything written so far. */
  output(): { stdout: string; stderr: string }
  /** The address it says it listens at. */
  url(): Promise<string>
  /** The token that a first start prints. */
  token(): Promise<string>
  /** Resolves to the exit code, or the signal that ended it. */
  exit: Promise<number | string>
}

export interface StartOptions {
  args?: string[]
  env?: Record<string, string>
  cwd?: string
  /** Arguments for Node itself. */
  execArgs?: string[]
}

/** Starts the gateway as its users do, with an environment that holds nothing of this machine's. */
export function startProcess(t: Test, { args = [], env = {}, cwd, execArgs = [] }: StartOptions): GatewayProcess {
  const clean = { PATH: process.env.PATH ?? '', HOME: cwd ?? '/nonexistent', OLLAMA_HOST: '127.0.0.1:1', ...env }
  const child = spawn(process.execPath, [...execArgs, LAUNCH, ...args], {
    env: clean,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const exit = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exit
  })

  async function printed(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + 60_000
    for (;;) {
      const match = pattern.exec(stdout)
      if (match?.[1]) return match[1]
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`No ${pattern} is printed: ${stderr}`)
      await sleep(10)
    }
  }

  return {
    child,
    output: () => ({ stdout, stderr }),
    url: () => printed(/listening at (http\S+)/),
    token: () => printed(/Token +(cgw_[\w-]{43})\n/),
    exit
  }
}
