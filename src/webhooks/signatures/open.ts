import type { SchemeName } from '../../config/schema.ts'
import { bearer } from './bearer.ts'
import { github } from './github.ts'
import { hmac } from './hmac.ts'
import type { OpenScheme, RefusalReason, SchemeSettings, SignedRequest, Verifier } from './scheme.ts'
import { slack } from './slack.ts'
import { standardWebhooks } from './standard-webhooks.ts'
import { stripe } from './stripe.ts'

const SCHEMES: Record<SchemeName, OpenScheme> = {
  hmac,
  github,
  'standard-webhooks': standardWebhooks,
  stripe,
  slack,
  bearer
}

/** @throws TypeError for a secret that the scheme cannot use */
export const openScheme = (name: SchemeName, settings: SchemeSettings): Verifier => SCHEMES[name](settings)

/** Verifies a delivery that has one signature, and not two of which someone else might read the other. */
export function verify(verifier: Verifier, request: SignedRequest): RefusalReason | undefined {
  const sent = verifier.signatureHeaders.reduce((sum, name) => sum + request.count(name), 0)
  return sent > 1 ? 'two_signatures' : verifier.verify(request)
}
