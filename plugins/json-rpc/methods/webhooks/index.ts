import { discard } from './discard.ts'
import { get } from './get.ts'
import { list } from './list.ts'
import { replay } from './replay.ts'

export const webhooks = [discard, get, list, replay]
