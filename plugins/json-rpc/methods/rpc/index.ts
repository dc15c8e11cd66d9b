import { cancel } from './cancel.ts'

export const rpc = [cancel]
