import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { UPGRADED } from '../../src/connections.ts'

type Upgrade = [request: IncomingMessage, socket: Duplex, head: Buffer]

interface Claim {
  claims(request: IncomingMessage): boolean
  take(...upgrade: Upgrade): void
}

/** Every server of this process whose upgrades someone claims. */
const claimed = new WeakMap<Server, Set<Claim>>()

/**
 * Takes the WebSockets of some paths of a server, and nothing else. Node regards every request with an `Upgrade` header
 * as one to be upgraded once there is a listener, whatever it is to be upgraded to; clients that offer HTTP/2 in this way
 * (Java's) would not be answered any more. Several gateways in one server have one listener.
 * @returns gives the claim up
 */
export function claimUpgrades(server: Server, claims: Claim['claims'], take: Claim['take']): () => void {
  const claim = { claims, take }
  const all = claimed.get(server) ?? listen(server)
  all.add(claim)
  return () => void all.delete(claim)
}

function take(claim: Claim | undefined, upgrade: Upgrade): void {
  if (!claim) return
  upgrade[1].emit(UPGRADED)
  claim.take(...upgrade)
}

function listen(server: Server): Set<Claim> {
  const all = new Set<Claim>()
  claimed.set(server, all)
  const find = (request: IncomingMessage) => {
    if (request.method !== 'GET' || request.headers.upgrade?.toLowerCase() !== 'websocket') return undefined
    return [...all].find(({ claims }) => claims(request))
  }
  const decides = server as Server & { shouldUpgradeCallback?: (request: IncomingMessage) => boolean }
  const others = decides.shouldUpgradeCallback
  server.on('upgrade', (request, socket, head) => take(find(request), [request, socket, head]))
  // Node's own rule counts the listeners; ours is not one for what we do not claim.
  const isNodes = others?.toString().includes('listenerCount') ?? true
  decides.shouldUpgradeCallback = function (request) {
    if (find(request)) return true
    return isNodes ? server.listenerCount('upgrade') > 1 : (others?.call(server, request) ?? false)
  }
  return all
}
