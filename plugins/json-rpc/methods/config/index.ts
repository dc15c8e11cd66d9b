import { get } from './get.ts'
import { read } from './read.ts'
import { schema } from './schema.ts'

export const config = [get, read, schema]
