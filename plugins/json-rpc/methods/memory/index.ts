import { browse } from './browse.ts'
import { deleteMemories } from './delete.ts'
import { exportMemory } from './export.ts'
import { flush } from './flush.ts'
import { inspect } from './inspect.ts'
import { search } from './search.ts'
import { stats } from './stats.ts'
import { store } from './store.ts'

export const memory = [browse, deleteMemories, exportMemory, flush, inspect, search, stats, store]
