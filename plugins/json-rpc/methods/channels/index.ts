import { disable, enable } from './enable.ts'
import { get } from './get.ts'
import { health } from './health.ts'
import { list } from './list.ts'
import { restart } from './restart.ts'

export const channels = [disable, enable, get, health, list, restart]
