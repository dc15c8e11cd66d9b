import type { Piscina } from 'piscina'
import { GatewayError } from '../../errors.ts'

/** Turns tokens back into texts, for models that take none. */
export interface TokenDecoder extends AsyncDisposable {
  /**
   * The texts of lists of `cl100k_base` tokens, in their order.
   * @throws GatewayError `invalid_request` for a token that is none, naming `input`
   */
  decode(lists: number[][], signal: AbortSignal): Promise<string[]>
}

type Worker = Piscina<number[][], (string | undefined)[]>

const IDLE_MS = 60_000
const LIMIT_MS = 30_000

/**
 * Decodes in a thread of its own: the table of tokens takes a third of a second to load, during which the event loop
 * would stand still. It starts at the first use.
 */
export function openTokenDecoder(): TokenDecoder {
  let opened: Promise<Worker> | undefined
  return {
    async decode(lists, signal) {
      const worker = await (opened ??= open())
      const texts = await run(worker, lists, signal)
      return texts.map((text, index) => text ?? unknownToken(index))
    },
    async [Symbol.asyncDispose]() {
      await (await opened)?.destroy()
    }
  }
}

async function open(): Promise<Worker> {
  const { openWorker } = await import('../../workers.ts')
  return openWorker({ module: 'embeddings/tokens/worker', idleMs: IDLE_MS })
}

async function run(worker: Worker, lists: number[][], signal: AbortSignal): Promise<(string | undefined)[]> {
  try {
    return await worker.run(lists, { signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]) })
  } catch (cause) {
    signal.throwIfAborted()
    throw new GatewayError('internal', 'Internal server error', { cause })
  }
}

function unknownToken(index: number): never {
  throw new GatewayError(
    'invalid_request',
    `Invalid field: input.${index}: it holds a token that cl100k_base does not have`,
    {
      param: 'input'
    }
  )
}
