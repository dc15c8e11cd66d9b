import { queueStatus } from './queue-status.ts'

export const delivery = [queueStatus]
