import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { IssuerConfig } from '../config/schema.ts'
import { isHeaderValue } from '../core/header-value.ts'
import type { Rejection, Verification } from '../core/ports.ts'
import type { JwkSet } from './jwk-set.ts'
import { type Jws, own } from './jws.ts'
import { toScopes } from './token-scopes.ts'

/** Judges an access token that names this issuer. */
export type VerifyToken = (token: string, jws: Jws, deadline: number | undefined) => Promise<Verification>

/** Judges access tokens of one issuer by RFC 9068 §4 and RFC 8725. `now` is in milliseconds since the epoch. */
export const createVerifyToken = (config: IssuerConfig, jwkSet: JwkSet, now: () => number): VerifyToken => {
  const types = new Set(config.types.map((type) => (type === 'absent' ? undefined : toType(type))))
  const tolerance = config.clockTolerance / 1000
  const options = {
    issuer: config.issuer,
    audience: config.audiences,
    algorithms: config.algorithms,
    clockTolerance: tolerance,
    requiredClaims: ['exp', config.subjectClaim, ...config.requiredClaims],
    ...(config.maxTokenAge > 0 && { maxTokenAge: config.maxTokenAge / 1000 }),
  }

  return async (token, jws, deadline) => {
    if (!config.algorithms.some((algorithm) => algorithm === jws.algorithm)) return rejected('algorithm_not_allowed')
    // RFC 8725 §3.11: a token made for another use is none of ours.
    if (!types.has(toType(jws.type))) return rejected('type_not_allowed')
    const lookup = await jwkSet.find(jws.algorithm, jws.kid, deadline)
    if (lookup.kind === 'unavailable') return { kind: 'unavailable', reason: 'jwk_set_unavailable' }
    if (lookup.kind === 'unknown') return rejected('unknown_signing_key')

    const seconds = now() / 1000
    const verified = await verifySignature(token, lookup.key, { ...options, currentDate: new Date(now()) })
    if (verified.kind === 'rejected') return verified
    const { claims } = verified
    // OpenID Connect Core §2: these make it an ID token, which says who logged in, not what may be called.
    const isIdToken = ['nonce', 'at_hash', 'c_hash'].some((name) => own(claims, name) !== undefined)
    if (isIdToken && toType(jws.type) !== 'at+jwt') {
      if (config.idTokens === 'refuse') return rejected('type_not_allowed')
      // OpenID Connect Core §3.1.3.7: it was made for that client, whoever else is in its audience.
      const azp = own(claims, 'azp')
      if (azp !== undefined && !config.audiences.some((client) => client === azp)) return rejected('wrong_audience')
    }
    // RFC 7800 §3.1: bound to a key that we cannot see in use.
    if (own(claims, 'cnf') !== undefined) return rejected('sender_constrained')
    // RFC 7519 §4.1.6: issued in the future.
    if (claims.iat !== undefined && claims.iat > seconds + tolerance) return rejected('premature_token')
    const subject = own(claims, config.subjectClaim)
    if (typeof subject !== 'string' || !isHeaderValue(subject)) return rejected('claim_refused')
    return {
      kind: 'verified',
      principal: {
        kind: 'token',
        subject,
        issuer: config.issuer,
        scopes: toScopes(claims, config.scopeClaim === undefined ? ['scope', 'scp'] : [config.scopeClaim]),
        claims: new Map(Object.entries(claims)),
      },
      expiresAt: toExpiry(claims, config),
    }
  }
}

type Options = NonNullable<Parameters<typeof jwtVerify>[2]>

/** The one place where jose throws outcomes: what is the token's fault is rejected, everything else goes on up. */
const verifySignature = async (
  token: string,
  key: Parameters<typeof jwtVerify>[1],
  options: Options,
): Promise<{ readonly kind: 'verified'; readonly claims: JWTPayload } | ReturnType<typeof rejected>> => {
  try {
    const { payload } = await jwtVerify(token, key as CryptoKey, options)
    return { kind: 'verified', claims: payload }
  } catch (error) {
    const reason = error instanceof errors.JOSEError ? toRejection(error) : undefined
    if (reason === undefined) throw error
    return rejected(reason)
  }
}

const toRejection = (error: errors.JOSEError): Rejection | undefined => {
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'wrong_audience'
    return error.claim === 'nbf' && error.reason === 'check_failed' ? 'premature_token' : 'claim_refused'
  }
  return REJECTIONS.get(error.code)
}

const REJECTIONS: ReadonlyMap<string, Rejection> = new Map([
  ['ERR_JWT_EXPIRED', 'expired_token'],
  ['ERR_JWT_INVALID', 'malformed_token'],
  ['ERR_JWS_INVALID', 'malformed_token'],
  // RFC 7515 §4.1.11: an extension that must be understood, and is not.
  ['ERR_JOSE_NOT_SUPPORTED', 'malformed_token'],
  ['ERR_JOSE_ALG_NOT_ALLOWED', 'algorithm_not_allowed'],
  ['ERR_JWS_SIGNATURE_VERIFICATION_FAILED', 'bad_signature'],
])

const rejected = (reason: Rejection) => ({ kind: 'rejected', reason }) as const

/** RFC 7515 §4.1.9: `application/` may be left out, and case does not count. Undefined stays undefined: no type. */
const toType = (type: string | undefined): string | undefined => type?.toLowerCase().replace(/^application\//, '')

const toExpiry = ({ exp = 0, iat = 0 }: JWTPayload, { clockTolerance, maxTokenAge }: IssuerConfig): number => {
  const expiry = exp * 1000 + clockTolerance
  return maxTokenAge > 0 ? Math.min(expiry, iat * 1000 + maxTokenAge + clockTolerance) : expiry
}
