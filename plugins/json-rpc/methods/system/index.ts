import { ping } from './ping.ts'
import { whoami } from './whoami.ts'

export const system = [ping, whoami]
