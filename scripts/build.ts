// Builds what is published: JavaScript in few files, and the types. What a start costs is mostly the number of files it
// reads; TypeBox alone has some seven hundred, so that it is bundled with the gateway's own.
import { execFileSync } from 'node:child_process'
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const BUNDLED = new Set(['typebox'])
/** The modules that `openWorker` is given. */
const WORKERS = [
  'src/embeddings/offline/worker.ts',
  'src/embeddings/tokens/worker.ts',
  'src/storage/sqlite/memory-search.ts',
  'src/storage/sqlite/message-search.ts'
]

const root = join(import.meta.dirname, '..')
const at = (path: string) => join(root, path)
const { dependencies } = JSON.parse(readFileSync(at('package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}

rmSync(at('dist'), { recursive: true, force: true })
await build({
  absWorkingDir: root,
  // Besides what is started or imported: what is loaded by its path, and so must be a file of its own.
  entryPoints: ['src/server.ts', 'src/gateway.ts', ...globSync(['routes/**/*.ts', ...WORKERS], { cwd: root })],
  outbase: '.',
  outdir: 'dist',
  // One level deep, as src/ is: what is found by its place relative to a file stays where it was.
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  external: Object.keys(dependencies).flatMap((name) => (BUNDLED.has(name) ? [] : [name, `${name}/*`]))
})
copyFileSync(at('src/launch.js'), at('dist/src/launch.js'))
mkdirSync(at('dist/licenses'))
for (const name of BUNDLED) copyFileSync(at(`node_modules/${name}/license`), at(`dist/licenses/${name}.txt`))
// The client runs in browsers too, and is one file that needs nothing else.
await build({
  absWorkingDir: root,
  entryPoints: ['client/index.ts'],
  outfile: 'dist/client/index.js',
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2023'
})
execFileSync(process.execPath, [at('scripts/build-web.js')], { stdio: 'inherit' })
execFileSync(at('node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
