import type { RpcMethod } from '../../method.ts'
import { execute } from './execute.ts'
import { stream } from './stream.ts'

export const agent = [execute, stream] as unknown as RpcMethod[]
