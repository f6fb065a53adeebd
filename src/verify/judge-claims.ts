import type { IssuerConfig } from '../config/schema.ts'
import type { Rejection } from '../core/ports.ts'
import { isFor } from './judge-introspection.ts'
import { own } from './jws.ts'

/** What claims are judged by. */
export type ClaimRules = Pick<
  IssuerConfig,
  'issuer' | 'audiences' | 'requiredClaims' | 'subjectClaim' | 'clockTolerance' | 'maxTokenAge'
>

/** The claims that say when, in seconds since the epoch. */
export interface Times {
  readonly exp: number
  readonly iat: number | undefined
}

export type JudgedClaims =
  | { readonly kind: 'good'; readonly expiresAt: number }
  | { readonly kind: 'rejected'; readonly reason: Rejection }

/**
 * Judges the registered claims of a JWT (RFC 7519 §4.1) at a time in milliseconds since the epoch. Good ones are good until
 * `expiresAt`, in the same unit.
 */
export const judgeClaims = (
  claims: Readonly<Record<string, unknown>>,
  rules: ClaimRules,
  now: number,
): JudgedClaims => {
  const seconds = Math.floor(now / 1000)
  const tolerance = rules.clockTolerance / 1000
  const [exp, nbf, iat] = ['exp', 'nbf', 'iat'].map((name) => own(claims, name))
  // RFC 8725 §3.8
  if (own(claims, 'iss') !== rules.issuer) return rejected('claim_refused')
  // RFC 7519 §4.1.3, RFC 8725 §3.9
  if (!isFor(rules.audiences, own(claims, 'aud'))) return rejected('wrong_audience')
  const required = [rules.subjectClaim, ...rules.requiredClaims]
  if (!required.every((name) => Object.hasOwn(claims, name))) return rejected('claim_refused')
  // RFC 7519 §2: a time is a number. A token that never ends is none of ours.
  if (typeof exp !== 'number' || !isOptionalNumber(nbf) || !isOptionalNumber(iat)) return rejected('claim_refused')
  // RFC 7519 §4.1.4: on the second that it names it is over.
  if (exp <= seconds - tolerance) return rejected('expired_token')
  // RFC 7519 §4.1.5 and §4.1.6
  if (Math.max(nbf ?? 0, iat ?? 0) > seconds + tolerance) return rejected('premature_token')
  const expiresAt = exp * 1000 + rules.clockTolerance
  if (rules.maxTokenAge === 0) return { kind: 'good', expiresAt }
  if (iat === undefined) return rejected('claim_refused')
  if (seconds - iat - tolerance > rules.maxTokenAge / 1000) return rejected('expired_token')
  return { kind: 'good', expiresAt: Math.min(expiresAt, iat * 1000 + rules.maxTokenAge + rules.clockTolerance) }
}

const rejected = (reason: Rejection): JudgedClaims => ({ kind: 'rejected', reason })

const isOptionalNumber = (value: unknown): value is number | undefined =>
  value === undefined || typeof value === 'number'
