import { diff } from './diff.ts'
import { get } from './get.ts'
import { history } from './history.ts'
import { patch } from './patch.ts'
import { read } from './read.ts'
import { rollback } from './rollback.ts'
import { schema } from './schema.ts'
import { set } from './set.ts'

export const config = [diff, get, history, patch, read, rollback, schema, set]
