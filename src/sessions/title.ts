import { GatewayError } from '../errors.ts'

/** The longest title of a session, in characters. */
export const LONGEST_TITLE = 200

const FITS = new RegExp(`^.{1,${LONGEST_TITLE}}$`, 'su')
/** They would break the line that a title is. */
const CONTROLS = /[\p{Cc}\u2028\u2029]/u

/**
 * The title of a session as it is kept: without white space around it. Undefined for none.
 * @throws GatewayError `invalid_request`
 */
export function checkTitle(told: string | null): string | undefined {
  const title = (told ?? '').trim()
  if (title === '') return undefined
  if (!title.isWellFormed() || CONTROLS.test(title)) throw refused('no control characters')
  if (!FITS.test(title)) throw refused(`at most ${LONGEST_TITLE} characters`)
  return title
}

const refused = (rule: string) =>
  new GatewayError('invalid_request', `Invalid field: title: ${rule}`, { param: 'title' })
