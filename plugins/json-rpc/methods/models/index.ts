import { list } from './list.ts'
import { listProviders } from './list-providers.ts'

export const models = [list, listProviders]
