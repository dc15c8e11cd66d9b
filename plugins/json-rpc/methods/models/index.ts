import { list } from './list.ts'
import { listProviders } from './list-providers.ts'
import { test } from './test.ts'

export const models = [list, listProviders, test]
