import type { RpcMethod } from '../../method.ts'
import { get } from './get.ts'
import { list } from './list.ts'

export const channels = [get, list] as unknown as RpcMethod[]
