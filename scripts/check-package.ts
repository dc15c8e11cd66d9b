// Packs what would be published, unpacks it as an installation would, and runs its command and the examples from there.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
// Inside the project, so that its dependencies are found in the folders above.
const folder = mkdtempSync(join(root, 'package-check-'))

try {
  const installed = unpack()
  const bin = join(installed, 'dist/src/launch.js')
  console.log('version', execFileSync(process.execPath, [bin, '--version'], { encoding: 'utf8' }).trim())
  await checkProcess(bin)
  cpSync(join(root, 'examples'), join(folder, 'examples'), { recursive: true })
  checkTypes()
  for (const example of ['embed.ts', 'openai-client.ts', 'client.ts']) checkExample(example)
} finally {
  rmSync(folder, { recursive: true })
}

function unpack(): string {
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8'
  })
  const installed = join(folder, 'node_modules/comis-gateway')
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, packed.trim()), '-C', installed, '--strip-components=1'])
  return installed
}

async function checkProcess(bin: string): Promise<void> {
  const child = spawn(process.execPath, [bin, '--port', '0', '--data-dir', join(folder, 'data')], {
    stdio: ['ignore', 'pipe', 'ignore']
  })
  const [line] = (await once(child.stdout, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer]
  const url = /listening at (\S+)/.exec(line.toString())?.[1] ?? ''
  for (const path of ['/health', '/openapi.json', '/docs', '/app/']) {
    const { status } = await fetch(url + path, { signal: AbortSignal.timeout(5000) })
    if (status !== 200) throw new Error(`${path} answers ${status}`)
    console.log('200', path)
  }
  await checkDashboard(url)
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number]
  if (code !== 0) throw new Error(`the process ended with ${code}`)
}

/** What the dashboard's page names is in the package, compressed. */
async function checkDashboard(url: string): Promise<void> {
  const html = await (await fetch(`${url}/app/`)).text()
  const [, script] = /src="\.\/(assets\/[^"]+)"/.exec(html) ?? []
  const { status, headers } = await fetch(`${url}/app/${script}`, { headers: { 'accept-encoding': 'br' } })
  if (status !== 200 || headers.get('content-encoding') !== 'br') throw new Error(`${script} answers ${status}`)
  console.log('200', script)
}

/** The types that are published, as a TypeScript project that uses them sees them. */
function checkTypes(): void {
  const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: ['node'] }
  const allowed = { allowImportingTsExtensions: true, skipLibCheck: true }
  const config = { compilerOptions: { ...compilerOptions, ...allowed }, include: ['examples'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { stdio: 'inherit' })
  console.log('types')
}

function checkExample(name: string): void {
  const output = execFileSync(process.execPath, [join(folder, 'examples', name)], { encoding: 'utf8', timeout: 30_000 })
  if (!output.trim()) throw new Error(`${name} printed nothing`)
  console.log(`${name}: ${output.trim()}`)
}
