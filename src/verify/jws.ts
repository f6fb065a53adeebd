/** What a token looks like, with nothing of it verified: a JWS, one with a fault in it, or anything else. */
export type ParsedJws = Jws | { readonly kind: 'malformed' } | { readonly kind: 'opaque' }

export interface Jws {
  readonly kind: 'jws'
  readonly algorithm: string
  readonly kid: string | undefined
  readonly type: string | undefined
  /** True when the header names an extension that must be understood (RFC 7515 §4.1.11). */
  readonly isCritical: boolean
  readonly claims: Readonly<Record<string, unknown>>
  /** The text that was signed: header and payload as they came. */
  readonly signed: string
  readonly signature: Uint8Array
}

/** A JWS has three base64url parts, the first of which is a JSON object with `alg` (RFC 7515 §7.1). */
export const parseJws = (token: string): ParsedJws => {
  const parts = token.split('.', 4)
  if (parts.length !== 3) return OPAQUE
  const [header, payload, signature] = parts.map(decode)
  if (!header || !payload || !signature) return OPAQUE
  const fields = parseObject(header)
  const algorithm = fields && own(fields, 'alg')
  if (!fields || typeof algorithm !== 'string') return OPAQUE
  const kid = own(fields, 'kid')
  const type = own(fields, 'typ')
  const claims = parseObject(payload)
  // RFC 7515 §4.1.4 and §4.1.9: both are text.
  if (!isOptionalText(kid) || !isOptionalText(type) || !claims) return MALFORMED
  const isCritical = own(fields, 'crit') !== undefined
  const signed = token.slice(0, token.lastIndexOf('.'))
  return { kind: 'jws', algorithm, kid, type, isCritical, claims, signed, signature }
}

const OPAQUE = { kind: 'opaque' } as const
const MALFORMED = { kind: 'malformed' } as const

/** RFC 7515 §2: no padding, no white space; RFC 4648 §3.5: no stray bits. An empty text is none. */
const decode = (part: string): Buffer | undefined => {
  const bytes = Buffer.from(part, 'base64url')
  return bytes.length > 0 && bytes.toString('base64url') === part ? bytes : undefined
}

const isOptionalText = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string'

/** A field of attacker's JSON: never one that every object inherits. */
export const own = (object: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined

const utf8 = new TextDecoder('utf-8', { fatal: true })

type Json = Readonly<Record<string, unknown>>

const parseObject = (bytes: Uint8Array): Json | undefined => {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}
