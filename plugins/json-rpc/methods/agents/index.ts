import { create } from './create.ts'
import { deleteAgent } from './delete.ts'
import { get } from './get.ts'
import { list } from './list.ts'
import { resume, suspend } from './suspend.ts'
import { update } from './update.ts'

export const agents = [create, deleteAgent, get, list, resume, suspend, update]
