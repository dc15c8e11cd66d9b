import { subscribe } from './subscribe.ts'
import { unsubscribe } from './unsubscribe.ts'

export const events = [subscribe, unsubscribe]
