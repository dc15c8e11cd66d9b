// Builds what is published: plain JavaScript with its types, and the page beside it.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const at = (path: string) => join(root, path)

rmSync(at('dist'), { recursive: true, force: true })
execFileSync(at('node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
cpSync(at('web'), at('dist/web'), { recursive: true })
chmodSync(at('dist/src/launch.js'), 0o755)
