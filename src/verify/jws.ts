/** A token of JWS form (RFC 7515 §7.1), not verified in any way. */
export interface Jws {
  readonly algorithm: string
  readonly kid: string | undefined
  readonly type: unknown
  /** Undefined when the payload is no JSON object. */
  readonly claims: Readonly<Record<string, unknown>> | undefined
}

/** RFC 7515 §2: no padding, no white space; RFC 4648 §3.5: no stray bits. An empty text is none. */
const BASE64URL = /^(?:[\w-]{4})*(?:[\w-]{4}|[\w-]{3}|[\w-]{2})$/
const STRAY_BITS = /^(?:[\w-]{4})*(?:[\w-]{2}[^AEIMQUYcgkosw048]|[\w-][^AQgw])$/

const isBase64url = (text: string): boolean => BASE64URL.test(text) && !STRAY_BITS.test(text)

/** Reads a token's form; undefined when it is no JWS: not three base64url parts, or no JSON header with `alg`. */
export const parseJws = (token: string): Jws | undefined => {
  const [header, payload, signature, ...rest] = token.split('.')
  if (!header || !payload || !signature || rest.length > 0) return undefined
  if (![header, payload, signature].every(isBase64url)) return undefined
  const fields = parseObject(header)
  const algorithm = fields && own(fields, 'alg')
  if (!fields || typeof algorithm !== 'string') return undefined
  const kid = own(fields, 'kid')
  return {
    algorithm,
    kid: typeof kid === 'string' ? kid : undefined,
    type: own(fields, 'typ'),
    claims: parseObject(payload),
  }
}

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
