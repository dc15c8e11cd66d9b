import { residentMb } from '../cpu.ts'
import { Connection } from './connection.ts'
import { question } from './question.ts'

export interface HeldPlan {
  port: number
  pid: number
  token: string
  model: string
  /** How many are open at once. */
  streams: number
}

export interface HeldResult {
  /** Resident memory in megabytes: before, and with all streams open. */
  memory: { empty: number; joined: number }
}

const { port, pid, token, model, streams } = JSON.parse(process.argv[2] ?? '') as HeldPlan

/** Without what only waits to be collected. */
async function memory(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/_gc`)
  await response.text()
  return residentMb(pid) ?? NaN
}

function request(): string {
  const body = question(model, 1)
  const head = [`POST /v1/chat/completions HTTP/1.1`, 'host: 127.0.0.1', `authorization: Bearer ${token}`]
  return [...head, 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, '', body].join(
    '\r\n'
  )
}

await (await Connection.open(port)).begin(request()) // what is made once is made now
const empty = await memory()
const opened = await Promise.all(
  Array.from({ length: streams }, async () => {
    const connection = await Connection.open(port)
    await connection.begin(request())
    return connection
  })
)
const joined = await memory()
for (const connection of opened) connection.close()
const result: HeldResult = { memory: { empty, joined } }
console.log(JSON.stringify(result))
process.exit()
