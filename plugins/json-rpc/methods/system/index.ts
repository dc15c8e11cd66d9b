import { ping } from './ping.ts'

export const system = [ping]
