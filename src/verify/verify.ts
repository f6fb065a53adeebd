import { memoizeWeak } from '../core/memoize.ts'
import type { Credential, Verification, Verified, Verify } from '../core/ports.ts'
import { isMistyped } from '../key/checksum.ts'
import { toDigest } from '../key/digest.ts'
import type { KeyRecord } from '../sources/key-record.ts'
import type { KeyStore } from '../sources/key-store.ts'
import type { Issuer } from './issuer.ts'
import { own, parseJws } from './jws.ts'

export interface VerifyOptions {
  readonly keys: Pick<KeyStore, 'find' | 'isComplete'>
  readonly issuers: ReadonlyMap<string, Issuer>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Looks a credential up as an API key; what is none, and is a JWS, is verified as an access token. */
export const createVerify =
  ({ keys, issuers, now }: VerifyOptions): Verify =>
  ({ token, accept, deadline }) => {
    // CWE-208: the digest is what is compared, so that time tells nothing about a secret.
    const digest = toDigest(token)
    const record = keys.find(digest)
    if (record) return accept.keys ? judgeKey(record, now()) : { kind: 'rejected', reason: 'key_not_accepted' }
    const jws = parseJws(token)
    if (jws.kind === 'opaque') return judgeUnknown(token, accept, keys.isComplete())
    if (jws.kind === 'malformed') return { kind: 'rejected', reason: 'malformed_token' }
    // RFC 8725 §3.8: the route names the issuers; the token may only pick one of them, exactly.
    const issuer = own(jws.claims, 'iss')
    const known = typeof issuer === 'string' && accept.issuers.includes(issuer) ? issuers.get(issuer) : undefined
    if (!known) return { kind: 'rejected', reason: 'issuer_not_accepted' }
    return known.cached(digest, () => known.verify(token, jws, deadline))
  }

const judgeKey = (record: KeyRecord, now: number): Verification => {
  const { id, expires, disabled } = record
  if (disabled) return { kind: 'rejected', reason: 'disabled_key', keyId: id }
  if (expires !== undefined && expires <= now) return { kind: 'rejected', reason: 'expired_key', keyId: id }
  return toVerified(record)
}

/** One object for each key, as long as its record stays. */
const toVerified = memoizeWeak(({ id, scopes }: KeyRecord): Verified => {
  return { kind: 'verified', principal: { kind: 'key', subject: id, keyId: id, scopes, claims: new Map() } }
})

const judgeUnknown = (token: string, accept: Credential['accept'], isComplete: boolean): Verification => {
  if (isMistyped(token)) return { kind: 'rejected', reason: 'mistyped_key' }
  // An outage is not a denial: it may be a key of the source that could not be read.
  if (accept.keys && !isComplete) return { kind: 'unavailable', reason: 'keys_unavailable' }
  return { kind: 'rejected', reason: 'unknown_key' }
}
