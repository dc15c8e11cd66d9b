import type { RpcMethod } from '../../method.ts'
import { ping } from './ping.ts'

export const system = [ping] as unknown as RpcMethod[]
