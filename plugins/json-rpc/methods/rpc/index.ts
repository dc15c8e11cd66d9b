import type { RpcMethod } from '../../method.ts'
import { cancel } from './cancel.ts'

export const rpc = [cancel] as unknown as RpcMethod[]
