import type { Principal } from '../../src/access/principal.ts'
import { GatewayError } from '../../src/errors.ts'
import type { Services } from '../../src/services.ts'
import type { RpcId } from './message.ts'
import type { RpcCall, RpcSocket } from './method.ts'

/** Whoever calls, and the way back. */
export interface RpcClient {
  readonly by: Principal
  /** Where it calls from. */
  readonly address: string
  readonly services: Services
  /** Fires when the client goes away. */
  readonly leaving: AbortSignal
  /** It has gone. */
  readonly gone: boolean
  readonly socket: RpcSocket | undefined
  /** So many calls run that no other is begun. */
  readonly full: boolean
  /** Keeps a call that goes on for as long as it does. The promise never rejects. */
  follow(call: Call, outcome: Promise<unknown>): void
  /** Whether a call of this id runs. */
  isRunning(id: RpcId | undefined): boolean
}

/** A call under way. Its signals are made when someone asks for them: most calls are done at once. */
export class Call implements RpcCall {
  readonly id: RpcId | undefined
  readonly #client: RpcClient
  #cancelling: AbortController | undefined
  #either: AbortSignal | undefined

  constructor(id: RpcId | undefined, client: RpcClient) {
    this.id = id
    this.#client = client
  }

  get by(): Principal {
    return this.#client.by
  }
  get services(): Services {
    return this.#client.services
  }
  get leaving(): AbortSignal {
    return this.#client.leaving
  }
  get socket(): RpcSocket | undefined {
    return this.#client.socket
  }
  get cancelled(): AbortSignal {
    return (this.#cancelling ??= new AbortController()).signal
  }
  get signal(): AbortSignal {
    return (this.#either ??= AbortSignal.any([this.leaving, this.cancelled]))
  }

  cancel(): void {
    this.#cancelling ??= new AbortController()
    this.#cancelling.abort(new GatewayError('aborted', 'The call was cancelled'))
  }
}
