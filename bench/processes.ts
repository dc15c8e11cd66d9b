import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'

/** Where a process runs; undefined wherever the system likes. */
type Core = number | undefined

export interface Server {
  readonly pid: number
  readonly port: number
  /** Of its command, in milliseconds on the clock of `performance`. */
  readonly spawnedAt: number
  stop(): Promise<void>
}

const ROOT = join(import.meta.dirname, '..')
const START_MS = 15_000
const STOP_MS = 5000
const running = new Set<ChildProcess>()

/** However this process ends, unless by SIGKILL, it leaves nothing behind that runs. */
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/**
 * The cores of server and driver. This process goes to the driver's, and with it every child that is not put elsewhere:
 * it only waits while something is measured.
 */
function pin(): { server: Core; upstream: Core; driver: Core } {
  const nowhere = { server: undefined, upstream: undefined, driver: undefined }
  const cores = availableParallelism()
  if (cores < 2 || spawnSync('taskset', ['-c', '0', 'true']).status !== 0) return nowhere
  if (spawnSync('taskset', ['-a', '-c', '-p', '1', `${process.pid}`]).status !== 0) return nowhere
  return { server: 0, driver: 1, upstream: cores > 2 ? 2 : 1 }
}

export const CORES = pin()

function launch(args: string[], core: Core, errors: number | 'inherit', limitMs?: number): ChildProcess {
  const command = [process.execPath, ...args]
  const [file = '', ...rest] = core === undefined ? command : ['taskset', '-c', `${core}`, ...command]
  const child = spawn(file, rest, {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', errors],
    timeout: limitMs,
    killSignal: 'SIGKILL'
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/**
 * Starts a server: a process that prints the port it listens on.
 * @param errors where its standard error goes: a file's descriptor, or this process's own
 */
export async function start(args: string[], core: Core, errors: number | 'inherit' = 'inherit'): Promise<Server> {
  const spawnedAt = performance.now()
  const child = launch(args, core, errors)
  const port = await portOf(child, args)
  return { pid: child.pid ?? 0, port, spawnedAt, stop: () => stop(child) }
}

async function portOf(child: ChildProcess, args: string[]): Promise<number> {
  const output = child.stdout as Readable
  const lines = createInterface({ input: output, signal: AbortSignal.timeout(START_MS) })
  for await (const line of lines) {
    const port = /\blistening (?:at http:\/\/[\d.]+:)?(\d+)$/.exec(line)?.[1]
    if (port === undefined) continue
    output.resume()
    return Number(port)
  }
  throw new Error(`${args[0]} did not begin to listen`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await Promise.race([exit, setTimeout(STOP_MS, undefined, { ref: false })])
  child.kill('SIGKILL')
  await exit
}

/** Stops whatever still runs. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map(stop))
}

/** Runs a driver, which is given its plan and prints its result, both as JSON. */
export async function drive<Result>(file: string, plan: object, limitMs: number): Promise<Result> {
  const child = launch([`bench/drive/${file}`, JSON.stringify(plan)], CORES.driver, 'inherit', limitMs)
  const [output, [code, signal]] = await Promise.all([text(child.stdout as Readable), once(child, 'exit')])
  if (code !== 0) throw new Error(`${file} failed: ${signal ? `killed after ${limitMs} ms` : `exit code ${code}`}`)
  return JSON.parse(output) as Result
}
