import type { RpcMethod } from '../../method.ts'
import { cancel } from './cancel.ts'
import { list } from './list.ts'

export const turn = [cancel, list] as unknown as RpcMethod[]
