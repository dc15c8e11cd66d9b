import type { FastifyRequest } from 'fastify'
import type { Principal } from '../../src/access/principal.ts'
import type { Services } from '../../src/services.ts'
import { readBearer } from './bearer.ts'
import { certificateReader } from './certificate.ts'
import { readQuery } from './query.ts'

/** Who a request says to be from. */
export interface Credential {
  /** Undefined: it is not valid. */
  principal: Principal | undefined
  /** A browser brings it by itself, whichever page asks. */
  isAmbient: boolean
}

/**
 * Reads what a request is authenticated by: a token in its header, in its address, a ticket there, its certificate. The first
 * one that is there counts, and where it is wrong no other is tried: a client that says who it is for this very request means
 * that, and one whose token has ended does not go on under another name. A ticket is used up by it.
 */
export function credentialReader({ tokens, tickets, config }: Services) {
  const ofCertificate = certificateReader(tokens)
  const hasCertificates = (config.gateway.tls?.clients.length ?? 0) > 0

  return (request: FastifyRequest): Credential | undefined => {
    const { authorization } = request.headers
    if (authorization !== undefined) {
      const secret = readBearer(authorization)
      return said(request.routeOptions.config.verifyOwn?.(secret) ?? tokens.verify(secret))
    }
    if (request.routeOptions.config.queryToken) {
      const token = readQuery(request, 'token')
      if (token !== undefined) return said(tokens.verify(token))
      const ticket = readQuery(request, 'ticket')
      if (ticket !== undefined) return said(tickets.redeem(ticket))
    }
    if (!hasCertificates) return undefined
    const principal = ofCertificate(request.raw.socket)
    return principal && { principal, isAmbient: true }
  }
}

const said = (principal: Principal | undefined): Credential => ({ principal, isAmbient: false })
