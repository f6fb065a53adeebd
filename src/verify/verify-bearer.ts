import type { Accept, Asked, BearerCredential, Rejection, Verification } from '../core/ports.ts'
import { isMistyped } from '../key/checksum.ts'
import { toDigest } from '../key/digest.ts'
import type { KeyStore } from '../sources/key-store.ts'
import type { Cached } from './cached.ts'
import type { Issuer } from './issuer.ts'
import { judgeKey } from './judge-key.ts'
import { own, parseJws } from './jws.ts'

export interface VerifyBearerOptions {
  readonly keys: Pick<KeyStore, 'find' | 'lookUp' | 'used' | 'isComplete'>
  readonly issuers: ReadonlyMap<string, Issuer>
  readonly cached: Cached
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Judges an API key or an access token. */
export type VerifyBearer = (
  credential: BearerCredential,
  accept: Accept,
  asked: Asked,
) => Verification | Promise<Verification>

/** Looks a credential up as an API key; what is none, and is a JWS, is verified as an access token. */
export const createVerifyBearer = ({ keys, issuers, cached, now }: VerifyBearerOptions): VerifyBearer => {
  const verifyOther = (
    token: string,
    digest: string,
    accept: Accept,
    asked: Asked,
  ): Verification | Promise<Verification> => {
    const jws = parseJws(token)
    // RFC 8725 §3.8: the route names the issuers; the token may only pick one of them, exactly.
    const issuer = jws.kind === 'jws' ? own(jws.claims, 'iss') : undefined
    const known = typeof issuer === 'string' && accept.issuers.has(issuer) ? issuers.get(issuer) : undefined
    if (jws.kind === 'jws' && known) {
      const { verify, keys } = known
      const from = { issuer: known.config.issuer, version: keys.jwkSet.version }
      return cached(from, digest, () => verify(token, jws, asked.deadline))
    }
    if (accept.keys && keys.lookUp) return lookUp(token, digest, asked, REASONS[jws.kind])
    return judgeUnknown(token, accept.keys, REASONS[jws.kind])
  }
  const lookUp = async (token: string, digest: string, asked: Asked, reason: Rejection): Promise<Verification> => {
    // A typo costs nobody a question.
    if (isMistyped(token)) return { kind: 'rejected', reason: 'mistyped_key' }
    const lookup = await keys.lookUp?.(digest, asked.deadline)
    if (lookup?.kind === 'found') {
      const time = now()
      const verification = judgeKey(lookup.record, asked.host, time)
      if (verification.kind === 'verified') keys.used?.(lookup.record, time)
      return verification
    }
    if (lookup?.kind === 'unavailable') return { kind: 'unavailable', reason: 'keys_unavailable' }
    return judgeUnknown(token, true, reason)
  }
  const judgeUnknown = (token: string, takesKeys: boolean, reason: Rejection): Verification => {
    if (isMistyped(token)) return { kind: 'rejected', reason: 'mistyped_key' }
    // An outage is not a denial: it may be a key of the source that could not be read.
    if (takesKeys && !keys.isComplete()) return { kind: 'unavailable', reason: 'keys_unavailable' }
    return { kind: 'rejected', reason }
  }

  return ({ token }, accept, asked) => {
    // CWE-208: the digest is what is compared, so that time tells nothing about a secret.
    const digest = toDigest(token)
    const record = keys.find(digest)
    if (!record) return verifyOther(token, digest, accept, asked)
    return accept.keys ? judgeKey(record, asked.host, now()) : { kind: 'rejected', reason: 'key_not_accepted' }
  }
}

/** Why a credential that is no key of ours, and no token of an accepted issuer, is bad. */
const REASONS = { jws: 'issuer_not_accepted', malformed: 'malformed_token', opaque: 'unknown_key' } as const
