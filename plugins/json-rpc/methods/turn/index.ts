import { cancel } from './cancel.ts'
import { list } from './list.ts'

export const turn = [cancel, list]
