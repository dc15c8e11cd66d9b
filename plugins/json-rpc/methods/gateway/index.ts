import type { RpcMethod } from '../../method.ts'
import { status } from './status.ts'

export const gateway = [status] as unknown as RpcMethod[]
