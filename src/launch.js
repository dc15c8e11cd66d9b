#!/usr/bin/env node
// Plain JavaScript that any Node can read: an older one could not even parse the rest.
import { existsSync } from 'node:fs'
import module from 'node:module'

const NEEDED = 24
if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  console.error('comis-gateway needs Node ' + NEEDED + ' or later, this is ' + process.version)
  process.exit(1)
}
module.enableCompileCache?.()

const source = new URL('./server.ts', import.meta.url)
await import(existsSync(source) ? source.href : new URL('./server.js', import.meta.url).href)
