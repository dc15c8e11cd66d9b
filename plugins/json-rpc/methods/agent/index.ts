import { execute } from './execute.ts'
import { stream } from './stream.ts'

export const agent = [execute, stream]
