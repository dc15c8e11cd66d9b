import { recent } from './recent.ts'
import { stats } from './stats.ts'

export const delivery = [recent, stats]
