/** What a token looks like, with nothing of it verified: a JWS, one with a fault in it, or anything else. */
export type ParsedJws = Jws | { readonly kind: 'malformed' } | { readonly kind: 'opaque' }

export interface Jws {
  readonly kind: 'jws'
  readonly algorithm: string
  readonly kid: string | undefined
  readonly type: string | undefined
  readonly claims: Readonly<Record<string, unknown>>
}

/** RFC 7515 §2: no padding, no white space; RFC 4648 §3.5: no stray bits. An empty text is none. */
const BASE64URL = /^(?:[\w-]{4})*(?:[\w-]{4}|[\w-]{3}|[\w-]{2})$/
const STRAY_BITS = /^(?:[\w-]{4})*(?:[\w-]{2}[^AEIMQUYcgkosw048]|[\w-][^AQgw])$/

const isBase64url = (text: string): boolean => BASE64URL.test(text) && !STRAY_BITS.test(text)

/** A JWS has three base64url parts, the first of which is a JSON object with `alg` (RFC 7515 §7.1). */
export const parseJws = (token: string): ParsedJws => {
  const [header, payload, signature, ...rest] = token.split('.')
  if (!header || !payload || !signature || rest.length > 0) return OPAQUE
  if (![header, payload, signature].every(isBase64url)) return OPAQUE
  const fields = parseObject(header)
  const algorithm = fields && own(fields, 'alg')
  if (!fields || typeof algorithm !== 'string') return OPAQUE
  const kid = own(fields, 'kid')
  const type = own(fields, 'typ')
  const claims = parseObject(payload)
  // RFC 7515 §4.1.4 and §4.1.9: both are text.
  if (!isOptionalText(kid) || !isOptionalText(type) || !claims) return { kind: 'malformed' }
  return { kind: 'jws', algorithm, kid, type, claims }
}

const OPAQUE = { kind: 'opaque' } as const

const isOptionalText = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string'

/** A field of attacker's JSON: never one that every object inherits. */
export const own = (object: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined

const parseObject = (part: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url')))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
