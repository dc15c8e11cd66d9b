import type { MemoryEntry, MemoryScope } from '../storage/port.ts'
import type { Memory } from './memory.ts'

export interface MemoryPageOptions extends MemoryScope {
  limit: number
  /** `next` of the page before. */
  before?: string
}

/** A page of what is remembered, the newest first; `next` is there unless it is the last one. */
export async function memoryPage(
  memory: Memory,
  options: MemoryPageOptions
): Promise<{ entries: MemoryEntry[]; next?: string }> {
  const entries = await memory.list(options)
  return { entries, next: entries.length === options.limit ? entries.at(-1)?.id : undefined }
}
