/** What stands in an Authorization header of the scheme Basic; `missing` for every other scheme. */
export type Basic =
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'malformed' }

const MISSING: Basic = { kind: 'missing' }
const MALFORMED: Basic = { kind: 'malformed' }

const SCHEME = /^basic(?: |$)/i
const TOKEN68 = /^basic +([A-Za-z0-9+/]+={0,2})$/i

/** Reads a user name and a password (RFC 7617 §2). Their text is UTF-8, as our challenge asks for (§2.1). */
export const parseBasic = (authorization: string, maxLength: number): Basic => {
  if (!SCHEME.test(authorization)) return MISSING
  if (authorization.length > maxLength) return MALFORMED
  const text = decode(TOKEN68.exec(authorization)?.[1])
  // RFC 7617 §2: neither part holds a control character; the first colon is the one that parts them.
  if (text === undefined || /\p{Cc}/u.test(text)) return MALFORMED
  const colon = text.indexOf(':')
  if (colon < 0) return MALFORMED
  return { kind: 'basic', user: text.slice(0, colon), password: text.slice(colon + 1) }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** RFC 4648 §3.2 and §3.5: with its padding and without stray bits, so that one text has one spelling. */
const decode = (base64: string | undefined): string | undefined => {
  if (base64 === undefined) return undefined
  try {
    return utf8.decode(Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' }))
  } catch {
    return undefined
  }
}
