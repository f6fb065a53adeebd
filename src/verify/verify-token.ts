import type { IssuerConfig } from '../config/schema.ts'
import { isHeaderValue } from '../core/header-value.ts'
import type { Outage, Rejection, Verification } from '../core/ports.ts'
import { checkSignature } from './check-signature.ts'
import { judgeClaims } from './judge-claims.ts'
import type { JwkSet } from './jwk-set.ts'
import { type Jws, own } from './jws.ts'
import { toScopes } from './token-scopes.ts'

/** Judges an access token that names this issuer. */
export type VerifyToken = (jws: Jws, deadline: number | undefined) => Promise<Verification>

/**
 * Judges access tokens of one issuer by RFC 9068 §4 and RFC 8725. `now` is in milliseconds since the epoch. The signature
 * is looked at last, since that is what costs: until then claims can only be what a token is refused for.
 */
export const createVerifyToken = (config: IssuerConfig, jwkSet: JwkSet, now: () => number): VerifyToken => {
  const types = new Set(config.types.map((type) => (type === 'absent' ? undefined : toType(type))))
  const algorithms: ReadonlySet<string> = new Set(config.algorithms)
  const { subjectClaim, scopeClaim } = config
  const scopeClaims = scopeClaim === undefined ? ['scope', 'scp'] : [scopeClaim]

  return async (jws, deadline = Number.POSITIVE_INFINITY) => {
    const { algorithm, kid, claims } = jws
    if (!algorithms.has(algorithm)) return rejected('algorithm_not_allowed')
    const type = toType(jws.type)
    // RFC 8725 §3.11: a token made for another use is none of ours.
    if (!types.has(type)) return rejected('type_not_allowed')
    // RFC 7515 §4.1.11: an extension that must be understood. We understand none.
    if (jws.isCritical) return rejected('malformed_token')
    const judged = judgeClaims(claims, config, now())
    if (judged.kind === 'rejected') return judged
    // OpenID Connect Core §2: these make it an ID token, which says who logged in, not what may be called.
    const isIdToken = ['nonce', 'at_hash', 'c_hash'].some((name) => own(claims, name) !== undefined)
    if (isIdToken && type !== 'at+jwt') {
      if (config.idTokens === 'refuse') return rejected('type_not_allowed')
      // OpenID Connect Core §3.1.3.7: it was made for that client, whoever else is in its audience.
      const azp = own(claims, 'azp')
      if (azp !== undefined && !config.audiences.some((client) => client === azp)) return rejected('wrong_audience')
    }
    // RFC 7800 §3.1: bound to a key that we cannot see in use.
    if (own(claims, 'cnf') !== undefined) return rejected('sender_constrained')
    const subject = own(claims, subjectClaim)
    if (typeof subject !== 'string' || !isHeaderValue(subject)) return rejected('claim_refused')

    const lookup = await jwkSet.find(algorithm, kid, deadline)
    if (lookup.kind === 'unavailable') return unavailable('jwk_set_unavailable')
    if (lookup.kind === 'unknown') return rejected('unknown_signing_key')
    const signature = await checkSignature(jws, lookup.key, () => now() >= deadline)
    if (signature === 'busy') return unavailable('signatures_unavailable')
    if (signature === 'bad') return rejected('bad_signature')
    return {
      kind: 'verified',
      principal: {
        kind: 'token',
        subject,
        issuer: config.issuer,
        scopes: toScopes(claims, scopeClaims),
        claims: new Map(Object.entries(claims)),
      },
      expiresAt: judged.expiresAt,
    }
  }
}

const rejected = (reason: Rejection): Verification => ({ kind: 'rejected', reason })
const unavailable = (reason: Outage): Verification => ({ kind: 'unavailable', reason })

/** RFC 7515 §4.1.9: `application/` may be left out, and case does not count. Undefined stays undefined: no type. */
const toType = (type: string | undefined): string | undefined => type?.toLowerCase().replace(/^application\//, '')
