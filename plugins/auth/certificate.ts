import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Principal } from '../../src/access/principal.ts'
import type { Tokens } from '../../src/access/tokens.ts'

/** What a timer can wait for. */
const LONGEST_MS = 2_147_483_647

/**
 * Who the certificate of a connection is, by `gateway.tls.clients`. It is looked at once for a connection, which ends when the
 * certificate does.
 */
export function certificateReader(tokens: Tokens): (socket: Socket) => Principal | undefined {
  const known = new WeakMap<Socket, Principal | 'nobody'>()

  function read(socket: TLSSocket): Principal | 'nobody' {
    const certificate = socket.getPeerX509Certificate()
    const principal = certificate && tokens.ofCertificate(certificate)
    if (!principal) return 'nobody'
    endAt(socket, certificate.validToDate.getTime())
    return principal
  }

  return (socket) => {
    if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
    let principal = known.get(socket)
    if (principal === undefined) known.set(socket, (principal = read(socket)))
    return principal === 'nobody' ? undefined : tokens.use(principal)
  }
}

function endAt(socket: Socket, at: number): void {
  const left = at - Date.now()
  if (left <= 0) return void socket.destroy()
  const timer = setTimeout(
    () => {
      socket.off('close', release)
      endAt(socket, at)
    },
    Math.min(left, LONGEST_MS)
  )
  const release = () => clearTimeout(timer)
  timer.unref()
  socket.once('close', release)
}
