// Builds the dashboard into web/dist, which the gateway serves and the package ships. Plain JavaScript, since npm runs it
// after every installation, that of a production machine too: there Vite is missing, and so nothing is built.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

if (existsSync(join(root, 'node_modules/vite'))) {
  const { build } = await import('vite')
  await build({ root: join(root, 'web'), logLevel: 'warn' })
} else {
  console.warn(
    'The dashboard is not built: its tools are not installed (npm ci without --omit=dev, then npm run build:web)'
  )
}
