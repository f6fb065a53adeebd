import type { Accept, Asked, BearerCredential, Rejection, Verification } from '../core/ports.ts'
import { isMinted, isMistyped } from '../key/checksum.ts'
import { toDigest } from '../key/digest.ts'
import type { KeyStore } from '../sources/key-store.ts'
import { type Authority, askAll } from './authority.ts'
import type { Cached } from './cached.ts'
import type { Issuer } from './issuer.ts'
import { judgeKey } from './judge-key.ts'
import { own, parseJws } from './jws.ts'

export interface VerifyBearerOptions {
  readonly keys: Pick<KeyStore, 'find' | 'lookUp' | 'used' | 'isComplete'>
  readonly issuers: ReadonlyMap<string, Issuer>
  readonly authorities: readonly Authority[]
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

/** What is judged, and by what. */
interface Shown extends Asked {
  readonly token: string
  readonly digest: string
  readonly accept: Accept
}

/**
 * Looks a credential up as an API key; what is none, and is a JWS, is verified as an access token; what is neither is shown
 * to those who may know it.
 */
export const createVerifyBearer = (options: VerifyBearerOptions): VerifyBearer => {
  const { keys, issuers, authorities, cached, now } = options

  const verifyOther = (shown: Shown): Verification | Promise<Verification> => {
    const { token, digest, accept, deadline } = shown
    const jws = parseJws(token)
    const knowing = authorities.filter(({ issuer, mayKnow }) => accept.issuers.has(issuer) && mayKnow(jws))
    // RFC 8725 §3.8: the route names the issuers; the token may only pick one of them, exactly.
    const issuer = jws.kind === 'jws' ? own(jws.claims, 'iss') : undefined
    const known = typeof issuer === 'string' && accept.issuers.has(issuer) ? issuers.get(issuer) : undefined
    if (jws.kind === 'jws' && known) {
      const { verify, keys } = known
      const from = { issuer: known.config.issuer, version: keys.jwkSet.version }
      const verification = cached(from, digest, () => verify(token, jws, deadline))
      return knowing.length === 0 ? verification : confirm(verification, knowing, shown)
    }
    if (jws.kind === 'jws' && knowing.length > 0) return askAll(knowing, shown)
    // A typo costs nobody a question.
    if (isMistyped(token)) return { kind: 'rejected', reason: 'mistyped_key' }
    const isAsked = knowing.length > 0 || (accept.keys && keys.lookUp !== undefined)
    return isAsked ? lookUp(shown, knowing, REASONS[jws.kind]) : judgeUnknown(accept, REASONS[jws.kind])
  }
  /** A token whose signature is good is good when whoever made it says so, too. */
  const confirm = async (
    verification: Promise<Verification>,
    knowing: readonly Authority[],
    shown: Shown,
  ): Promise<Verification> => {
    const first = await verification
    if (first.kind !== 'verified') return first
    const second = await askAll(knowing, shown)
    return second.kind === 'verified' ? first : second
  }
  const lookUp = async (shown: Shown, knowing: readonly Authority[], reason: Rejection): Promise<Verification> => {
    const { token, digest, accept, host, deadline } = shown
    const remembered = knowing.map(({ find }) => find(digest)).find((answer) => answer?.kind === 'verified')
    if (remembered) return remembered
    const lookup = await keys.lookUp?.(digest, deadline)
    if (lookup?.kind === 'found') {
      if (!accept.keys) return KEY_NOT_ACCEPTED
      const time = now()
      const verification = judgeKey(lookup.record, host, time)
      if (verification.kind === 'verified') keys.used?.(lookup.record, time)
      return verification
    }
    if (lookup?.kind === 'unavailable' && accept.keys) return KEYS_UNAVAILABLE
    const unknown = judgeUnknown(accept, reason)
    // No API key of ours is shown to anybody: none that has our form, and none that may be in a source that is away.
    const mayBeKey = unknown.kind === 'unavailable' || isMinted(token)
    return mayBeKey || knowing.length === 0 ? unknown : askAll(knowing, shown)
  }
  /** An outage is not a denial: it may be a key of the source that could not be read. */
  const judgeUnknown = (accept: Accept, reason: Rejection): Verification =>
    accept.keys && !keys.isComplete() ? KEYS_UNAVAILABLE : { kind: 'rejected', reason }

  return ({ token }, accept, { host, deadline }) => {
    // CWE-208: the digest is what is compared, so that time tells nothing about a secret.
    const digest = toDigest(token)
    const record = keys.find(digest)
    if (!record) return verifyOther({ token, digest, accept, host, ...(deadline !== undefined && { deadline }) })
    return accept.keys ? judgeKey(record, host, now()) : KEY_NOT_ACCEPTED
  }
}

const KEY_NOT_ACCEPTED: Verification = { kind: 'rejected', reason: 'key_not_accepted' }
const KEYS_UNAVAILABLE: Verification = { kind: 'unavailable', reason: 'keys_unavailable' }

/** Why a credential that is no key of ours, and no token of an accepted issuer, is bad. */
const REASONS = { jws: 'issuer_not_accepted', malformed: 'malformed_token', opaque: 'unknown_key' } as const
