import type { Socket } from 'node:net'
import type { Client } from 'undici'
import type { Connect } from 'undici/lib/core/connect.js'

/** How long a connection is kept that has nothing to do, unless its server says that it keeps it for less. */
const KEPT_MS = 30_000

/** A client of one connection. */
export interface Connection {
  readonly client: Client
  /** Whether it has brought an answer: the other side may close it in the very moment it is used again. */
  used: boolean
  /** Fails what it is asked with the reason, also while it is being opened. */
  close(reason: Error): void
}

/**
 * The connections to one origin. Each has one request at a time, and is kept for the next one. The one that was given
 * back last is taken first, so that those there are too many of grow old and are closed.
 */
export class Connections {
  readonly #origin: string
  readonly #idle: Connection[] = []
  readonly #Client: typeof Client
  readonly #connect: Connect

  private constructor(origin: string, create: typeof Client, connect: Connect) {
    this.#origin = origin
    this.#Client = create
    this.#connect = connect
  }

  /** What speaks HTTP is loaded with the first of them: a start need not wait for it. */
  static async to(origin: string): Promise<Connections> {
    const [{ default: create }, { default: buildConnector }] = await Promise.all([
      import('undici/lib/dispatcher/client.js'),
      import('undici/lib/core/connect.js')
    ])
    return new Connections(origin, create, buildConnector({ allowH2: false }))
  }

  /** One that is kept, or a new one where there is none. */
  take(): Connection {
    return this.#idle.pop() ?? this.open()
  }

  /** Its answer is over: it is kept. */
  giveBack(connection: Connection): void {
    connection.used = true
    this.#idle.push(connection)
  }

  /** A new one, whatever there is. */
  open(): Connection {
    let socket: Socket | undefined
    const client = new this.#Client(this.#origin, {
      connect: (options, callback) => (socket = this.#connect(options, callback)),
      headersTimeout: 0, // who waits for how long is for the request to say
      bodyTimeout: 0,
      keepAliveTimeout: KEPT_MS
    })
    const connection: Connection = {
      client,
      used: false,
      close(reason) {
        void client.destroy(reason)
        socket?.destroy(reason) // one that is not connected yet would go on with that
      }
    }
    client.on('disconnect', () => {
      const index = this.#idle.indexOf(connection)
      if (index !== -1) this.#idle.splice(index, 1)
    })
    return connection
  }
}
