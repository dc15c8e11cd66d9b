import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const GATEWAY = process.env.COMIS_URL ?? 'http://127.0.0.1:4766'
const COMPRESSED = /\.(js|css|html|svg)$/

/** Files are compressed once, here, and not for each request. */
const compress = (): Plugin => ({
  name: 'compress',
  apply: 'build',
  async writeBundle({ dir = '' }) {
    const files = await readdir(dir, { recursive: true, withFileTypes: true })
    const paths = files.filter((file) => file.isFile() && COMPRESSED.test(file.name))
    await Promise.all(paths.map((file) => writeCompressed(join(file.parentPath, file.name))))
  }
})

async function writeCompressed(path: string): Promise<void> {
  const content = await readFile(path)
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
  await Promise.all([
    promisify(brotliCompress)(content, { params }).then((data) => writeFile(`${path}.br`, data)),
    promisify(gzip)(content, { level: 9 }).then((data) => writeFile(`${path}.gz`, data))
  ])
}

/** The dashboard. Its addresses are relative, so that it works below any prefix of a host or a proxy. */
export default defineConfig({
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    modulePreload: { polyfill: false }
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/rpc', '/ws', '/media', '/hooks', '/docs', '/openapi.json', '/health'].map((path) => [
        path,
        { target: GATEWAY, ws: path === '/ws' }
      ])
    )
  },
  plugins: [compress()]
})
