import { get } from './get.ts'
import { list } from './list.ts'

export const agents = [get, list]
