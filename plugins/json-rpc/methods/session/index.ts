import type { RpcMethod } from '../../method.ts'
import { history } from './history.ts'

export const session = [history] as unknown as RpcMethod[]
