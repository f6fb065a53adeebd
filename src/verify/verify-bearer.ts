import type { Accept, Asked, BearerCredential, Rejection, Verification, Verified } from '../core/ports.ts'
import { isMinted, isMistyped } from '../key/checksum.ts'
import { toDigest } from '../key/digest.ts'
import type { KeyStore } from '../sources/key-store.ts'
import { type Authority, askAll } from './authority.ts'
import type { Issuer } from './issuer.ts'
import { judgeKey } from './judge-key.ts'
import { type Jws, own, parseJws } from './jws.ts'
import type { TokenCache } from './token-cache.ts'

export interface VerifyBearerOptions {
  readonly keys: Pick<KeyStore, 'find' | 'lookUp' | 'used' | 'isComplete'>
  readonly issuers: ReadonlyMap<string, Issuer>
  readonly authorities: readonly Authority[]
  readonly tokens: TokenCache
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
  const { keys, issuers, authorities, tokens, now } = options

  const verifyOther = (shown: Shown): Verification | Promise<Verification> => {
    const { token, accept } = shown
    const jws = parseJws(token)
    const knowing = authorities.filter(({ mayKnow }) => mayKnow(jws))
    const asked = toAsked(knowing, accept)
    // RFC 8725 §3.8: the route names the issuers; the token may only pick one of them, exactly.
    const issuer = jws.kind === 'jws' ? own(jws.claims, 'iss') : undefined
    const known = typeof issuer === 'string' && accept.issuers.has(issuer) ? issuers.get(issuer) : undefined
    if (jws.kind === 'jws' && known) return verifyJws(jws, known, knowing, shown)
    if (jws.kind === 'jws' && asked.length > 0) return askAll(asked, shown)
    // A typo costs nobody a question.
    if (isMistyped(token)) return { kind: 'rejected', reason: 'mistyped_key' }
    const isAsked = asked.length > 0 || (accept.keys && keys.lookUp !== undefined)
    return isAsked ? lookUp(shown, asked, REASONS[jws.kind]) : judgeUnknown(accept, REASONS[jws.kind])
  }
  const verifyJws = async (
    jws: Jws,
    { config, keys, verify }: Issuer,
    knowing: readonly Authority[],
    shown: Shown,
  ): Promise<Verification> => {
    const from = { issuer: config.issuer, version: keys.jwkSet.version, knowing }
    const verification = await tokens.load(shown.digest, from, () => verify(jws, shown.deadline))
    return verification.kind === 'verified'
      ? confirm(verification, toAsked(knowing, shown.accept), shown)
      : verification
  }
  /** A token whose signature is good is good when those who know it say so, too. */
  const confirm = (
    verified: Verified,
    asked: readonly Authority[],
    shown: Shown,
  ): Verification | Promise<Verification> =>
    asked.length === 0
      ? verified
      : askAll(asked, shown).then((answer) => (answer.kind === 'verified' ? verified : answer))

  const lookUp = async (shown: Shown, asked: readonly Authority[], reason: Rejection): Promise<Verification> => {
    const { token, digest, accept, host, deadline } = shown
    const remembered = asked.map(({ find }) => find(digest)).find((answer) => answer?.kind === 'verified')
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
    return mayBeKey || asked.length === 0 ? unknown : askAll(asked, shown)
  }
  /** An outage is not a denial: it may be a key of the source that could not be read. */
  const judgeUnknown = (accept: Accept, reason: Rejection): Verification =>
    accept.keys && !keys.isComplete() ? KEYS_UNAVAILABLE : { kind: 'rejected', reason }

  return ({ token }, accept, { host, deadline }) => {
    // CWE-208: the digest is what is compared, so that time tells nothing about a secret.
    const digest = toDigest(token)
    const record = keys.find(digest)
    if (record) return accept.keys ? judgeKey(record, host, now()) : KEY_NOT_ACCEPTED
    const shown = { token, digest, accept, host, ...(deadline !== undefined && { deadline }) }
    const known = tokens.find(digest, accept.issuers)
    return known ? confirm(known.verified, toAsked(known.knowing, accept), shown) : verifyOther(shown)
  }
}

const toAsked = (knowing: readonly Authority[], { issuers }: Accept): readonly Authority[] =>
  knowing.filter(({ issuer }) => issuers.has(issuer))

const KEY_NOT_ACCEPTED: Verification = { kind: 'rejected', reason: 'key_not_accepted' }
const KEYS_UNAVAILABLE: Verification = { kind: 'unavailable', reason: 'keys_unavailable' }

/** Why a credential that is no key of ours, and no token of an accepted issuer, is bad. */
const REASONS = { jws: 'issuer_not_accepted', malformed: 'malformed_token', opaque: 'unknown_key' } as const
