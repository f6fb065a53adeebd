/** What a request carried: one bearer, none, or something that is not one bearer. */
export type Extraction =
  | { readonly kind: 'found'; readonly token: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'malformed' }

const MISSING: Extraction = { kind: 'missing' }
const MALFORMED: Extraction = { kind: 'malformed' }

/** Longest credential that is looked at, in characters. Node's own limit for all headers together is 16 KiB. */
export const MAX_CREDENTIAL_LENGTH = 8192

/** RFC 9110 §11.1: the scheme is case-insensitive. RFC 6750 §2.1: one or more spaces, then a b64token. */
const BEARER = /^bearer(?: +([A-Za-z0-9\-._~+/]+=*))?$/i
const SCHEME = /^bearer(?: |$)/i

/** Takes the bearer from the value of the Authorization header. */
export const extractCredential = (authorization: string | undefined): Extraction => {
  if (!authorization) return MISSING
  // RFC 6750 §3.1, CVE-2021-32777: several credentials reach us joined by a comma; none of them is trusted.
  if (authorization.includes(',')) return MALFORMED
  // RFC 6750 §3.1: an unsupported scheme is as if there were no credential.
  if (!SCHEME.test(authorization)) return MISSING
  if (authorization.length > MAX_CREDENTIAL_LENGTH) return MALFORMED
  const token = BEARER.exec(authorization)?.[1]
  return token ? { kind: 'found', token } : MALFORMED
}
