import { history } from './history.ts'

export const session = [history]
