import { parseBasic } from './basic.ts'
import type { Carrier } from './carrier.ts'
import { readCookie } from './cookie.ts'
import { isHeaderValue } from './header-value.ts'
import { matchPath } from './path.ts'
import type { Credential } from './ports.ts'
import type { RequestView } from './request.ts'
import { readProtocolToken } from './websocket-protocol.ts'

/** What a request carried: one credential, none, something that is not one, or several in different places. */
export type Extraction =
  | { readonly kind: 'found'; readonly credential: Credential; readonly carrier: Carrier }
  | { readonly kind: 'missing' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'several' }

/** Which carriers are looked at, in this order, and whether the first one found wins over the others. */
export interface Extract {
  readonly credentials: readonly Carrier[]
  readonly several: 'refuse' | 'first'
}

const MISSING = { kind: 'missing' } as const
const MALFORMED = { kind: 'malformed' } as const
const SEVERAL = { kind: 'several' } as const

/** Longest credential that is looked at, in characters. Node's own limit for all headers together is 16 KiB. */
export const MAX_CREDENTIAL_LENGTH = 8192

/** Takes the one credential of a request from where a route says it may be. */
export const extractCredential = (request: RequestView, { credentials, several }: Extract): Extraction => {
  let found: Extraction = MISSING
  for (const carrier of credentials) {
    const extraction = extractFrom(request, carrier)
    if (extraction.kind === 'missing') continue
    if (extraction.kind !== 'found' || several === 'first') return extraction
    // RFC 6750 §2: not more than one method in each request.
    if (found.kind === 'found') return SEVERAL
    found = extraction
  }
  return found
}

const extractFrom = (request: RequestView, carrier: Carrier): Extraction => {
  const { headers } = request
  switch (carrier.kind) {
    case 'bearer':
    case 'basic':
      return extractAuthorization(headers.get('authorization'), carrier)
    case 'header':
      return toFound(headers.get(carrier.name), carrier)
    case 'cookie':
      return toFound(readCookie(headers.get('cookie'), carrier.name), carrier)
    case 'websocketProtocol':
      return toFound(readProtocolToken(request), carrier)
    case 'clientCertificate':
      return extractCertificate(request.clientCertificate, carrier)
  }
}

type Of<K extends Carrier['kind']> = Carrier & { readonly kind: K }

const extractAuthorization = (authorization: string | undefined, carrier: Of<'bearer' | 'basic'>): Extraction => {
  if (!authorization) return MISSING
  // RFC 6750 §3.1, CVE-2021-32777: several credentials reach us joined by a comma; none of them is trusted.
  if (authorization.includes(',')) return MALFORMED
  return carrier.kind === 'basic' ? extractBasic(authorization, carrier) : extractBearer(authorization, carrier)
}

/** RFC 9110 §11.1: the scheme is case-insensitive. RFC 6750 §2.1: one or more spaces, then a b64token. */
const BEARER_VALUE = /^bearer(?: +([A-Za-z0-9\-._~+/]+=*))?$/i
const BEARER_SCHEME = /^bearer(?: |$)/i

const extractBearer = (authorization: string, carrier: Carrier): Extraction => {
  // RFC 6750 §3.1: an unsupported scheme is as if there were no credential.
  if (!BEARER_SCHEME.test(authorization)) return MISSING
  if (authorization.length > MAX_CREDENTIAL_LENGTH) return MALFORMED
  const token = BEARER_VALUE.exec(authorization)?.[1]
  return token ? { kind: 'found', credential: { kind: 'bearer', token }, carrier } : MALFORMED
}

const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/** True for what can be sent as a bearer (RFC 6750 §2.1). */
export const isToken = (text: string): boolean => text.length <= MAX_CREDENTIAL_LENGTH && B64TOKEN.test(text)

/** A key or token that stands alone. The comma of two lines is in no b64token, and an empty text is no credential. */
const toFound = (token: string | undefined | typeof MALFORMED, carrier: Carrier): Extraction => {
  if (!token) return MISSING
  if (typeof token !== 'string' || !isToken(token)) return MALFORMED
  return { kind: 'found', credential: { kind: 'bearer', token }, carrier }
}

const extractBasic = (authorization: string, carrier: Of<'basic'>): Extraction => {
  const basic = parseBasic(authorization, MAX_CREDENTIAL_LENGTH)
  if (basic.kind !== 'basic') return basic
  const { user, password } = basic
  const { htpasswdFile } = carrier
  if (htpasswdFile !== undefined) {
    return { kind: 'found', credential: { kind: 'basic', user, password, htpasswdFile }, carrier }
  }
  // The user name is nobody's word: only the key says who it is. An empty password carries none.
  return password === '' ? MISSING : { kind: 'found', credential: { kind: 'bearer', token: password }, carrier }
}

/** A certificate of somebody who is not meant is as if there were none: in a mesh every request comes with one. */
const extractCertificate = (name: string | undefined, carrier: Of<'clientCertificate'>): Extraction => {
  if (!name) return MISSING
  // What is no header value can be no subject either.
  if (!isHeaderValue(name)) return MALFORMED
  const { allowed } = carrier
  if (allowed && !allowed.some((pattern) => matchPath(pattern, name))) return MISSING
  return { kind: 'found', credential: { kind: 'certificate', name }, carrier }
}
