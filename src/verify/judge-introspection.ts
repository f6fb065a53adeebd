import type { IntrospectionConfig } from '../config/introspection-schema.ts'
import { isHeaderValue } from '../core/header-value.ts'
import type { Rejection, Verification } from '../core/ports.ts'
import { own } from './jws.ts'
import { toScopes } from './token-scopes.ts'

/** An answer about a token, or why it is none. */
export type Judged =
  | Exclude<Verification, { readonly kind: 'unavailable' }>
  | { readonly kind: 'failed'; readonly problem: string }

type Members = Readonly<Record<string, unknown>>

/** Judges an answer of an introspection endpoint (RFC 7662 §2.2). `now` is in milliseconds since the epoch. */
export const judgeIntrospection = (text: string, config: IntrospectionConfig, now: number): Judged => {
  const answer = parseMembers(text)
  const active = answer && own(answer, 'active')
  // RFC 7662 §2.2: the one member that must be there, a boolean. The text "false" is no false.
  if (!answer || typeof active !== 'boolean') return failed('the answer has no boolean "active"')
  if (!active) return rejected('inactive_token')
  const fault = findFault(answer, config, now / 1000)
  if (fault !== undefined) return rejected(fault)
  const subject = config.subjectClaim.map((name) => own(answer, name)).find((value) => value !== undefined)
  if (typeof subject !== 'string' || !isHeaderValue(subject)) return rejected('claim_refused')
  const expires = own(answer, 'exp')
  return {
    kind: 'verified',
    principal: {
      kind: 'token',
      subject,
      issuer: config.issuer,
      scopes: toScopes(answer, [config.scopeClaim]),
      claims: new Map(Object.entries(answer)),
    },
    ...(typeof expires === 'number' && { expiresAt: expires * 1000 + config.clockTolerance }),
  }
}

/** RFC 7662 §4: what we would ask of a token of our own reading is asked of the answer as well. */
const findFault = (answer: Members, config: IntrospectionConfig, seconds: number): Rejection | undefined => {
  const issuer = own(answer, 'iss')
  if (issuer !== undefined && issuer !== config.issuer) return 'issuer_not_accepted'
  if (config.audiences !== 'any' && !isFor(config.audiences, own(answer, 'aud'))) return 'wrong_audience'
  // RFC 9449 §6.2, RFC 8705 §3.2: bound to a key that we cannot see in use.
  if (own(answer, 'cnf') !== undefined || isText(answer, 'token_type', 'dpop')) return 'sender_constrained'
  if (!isBearerAccessToken(answer, config)) return 'type_not_allowed'
  const tolerance = config.clockTolerance / 1000
  const [exp, nbf, iat] = ['exp', 'nbf', 'iat'].map((name) => own(answer, name))
  if (![exp, nbf, iat].every(isOptionalTime)) return 'claim_refused'
  if (exp !== undefined && Number(exp) + tolerance <= seconds) return 'expired_token'
  return Math.max(Number(nbf ?? 0), Number(iat ?? 0)) > seconds + tolerance ? 'premature_token' : undefined
}

/** RFC 7519 §4.1.3: `aud` is one text or a list of them. */
export const isFor = (audiences: readonly string[], value: unknown): boolean =>
  [value].flat().some((audience) => audiences.some((accepted) => accepted === audience))

/**
 * RFC 7662 §2.1: refresh tokens can be asked about as well, and some servers answer about ID tokens. Servers tell them apart
 * with `token_type`, `token_use` or `typ`; where none of these is there, an audience of ours does.
 */
const isBearerAccessToken = (answer: Members, { audiences }: IntrospectionConfig): boolean => {
  const [type, use, typ] = ['token_type', 'token_use', 'typ'].map((name) => own(answer, name))
  if (audiences === 'any' && [type, use, typ].every((value) => value === undefined)) return false
  const isIdToken = ['nonce', 'at_hash', 'c_hash'].some((name) => own(answer, name) !== undefined)
  if (type === undefined ? isIdToken : !isText(answer, 'token_type', 'bearer')) return false
  if (use !== undefined && !isText(answer, 'token_use', 'access_token', 'access')) return false
  return typ === undefined || isText(answer, 'typ', 'bearer', 'at+jwt', 'application/at+jwt', 'jwt')
}

/** True when the member is one of these, whatever its case. */
const isText = (answer: Members, name: string, ...texts: readonly string[]): boolean => {
  const value = own(answer, name)
  return typeof value === 'string' && texts.includes(value.toLowerCase())
}

const isOptionalTime = (value: unknown): boolean => value === undefined || (typeof value === 'number' && value >= 0)

const parseMembers = (text: string): Members | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined
  } catch {
    return undefined
  }
}

const rejected = (reason: Rejection): Judged => ({ kind: 'rejected', reason })
const failed = (problem: string): Judged => ({ kind: 'failed', problem })
