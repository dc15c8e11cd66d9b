import fastifyStatic from '@fastify/static'
import Fastify from 'fastify'
import { listen } from './listen.ts'

/** Fastify with `@fastify/static` and nothing else on it: files of a folder, to everyone. */
const fastify = Fastify({ logger: false })
await fastify.register(fastifyStatic, { root: process.argv[2] ?? '', prefix: '/media/' })
await fastify.ready()
await listen(fastify.server)
