/** The secret of `Authorization: Bearer <secret>` (RFC 6750, section 2.1; the scheme's case does not matter). */
export function readBearer(header: string): string {
  const match = /^bearer +(\S+) *$/i.exec(header)
  // Another scheme, or none, is a credential that is wrong, not one that is missing.
  return match?.[1] ?? ''
}
