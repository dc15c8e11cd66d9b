import type { StepStore } from '../storage/port.ts'
import { KEPT_MS } from './steps.ts'

const EVERY_MS = 600_000
/** Of one write: more would keep everyone waiting. */
const AT_ONCE = 200

/** Forgets agents' own steps that no client came back to. @returns what ends it */
export function expireSteps(store: StepStore, onError: (error: unknown) => void): () => void {
  async function sweep(): Promise<void> {
    const before = Date.now() - KEPT_MS
    while ((await store.expire(before, AT_ONCE)) === AT_ONCE) continue
  }
  const timer = setInterval(() => void sweep().catch(onError), EVERY_MS).unref()
  return () => clearInterval(timer)
}
