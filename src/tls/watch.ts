import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'

export interface WatchOptions {
  /** Absolute paths. */
  files: readonly string[]
  /** Something changed beside them, and then nothing for a while. */
  onChange(): void
  /** A folder cannot be watched, or no longer. */
  onError(error: unknown): void
}

/** A certificate and its key are written one after the other: what is between them fits nothing. */
const SETTLE_MS = 300

/**
 * Watches the folders of files, since what renews a certificate puts another file (or link) in its place.
 * @returns ends it
 */
export function watchFiles({ files, onChange, onError }: WatchOptions): () => void {
  let timer: NodeJS.Timeout | undefined
  const settle = () => {
    clearTimeout(timer)
    timer = setTimeout(onChange, SETTLE_MS).unref()
  }
  const watchers = [...new Set(files.map((file) => dirname(file)))].flatMap((folder): FSWatcher[] => {
    try {
      return [watch(folder, { persistent: false }, settle).on('error', onError)]
    } catch (error) {
      onError(error)
      return []
    }
  })
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}
