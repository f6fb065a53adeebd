import { LRUCache } from 'lru-cache'
import type { Verification, Verified } from '../core/ports.ts'
import type { Authority } from './authority.ts'

export interface TokenCacheOptions {
  /** How many tokens are kept, of all issuers together; 0 keeps none. */
  readonly max: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly onLookup: (result: 'hit' | 'miss') => void
}

/** Whose a token is, and who knows it: what must be looked at whenever it is shown again. */
export interface TokenOrigin {
  readonly issuer: string
  /** Changes when the keys of the issuer do; undefined when nothing may be answered from the cache. */
  readonly version: () => number | undefined
  /** Those who are asked about the token as well. */
  readonly knowing: readonly Authority[]
}

export interface CachedToken extends TokenOrigin {
  readonly verified: Verified
}

/** Remembers verified tokens. */
export interface TokenCache {
  /** A token that is still good, of one of these issuers. */
  readonly find: (digest: string, issuers: ReadonlySet<string>) => CachedToken | undefined
  /** Verifies a token that was not found. */
  readonly load: (digest: string, from: TokenOrigin, verify: () => Promise<Verification>) => Promise<Verification>
}

/**
 * Keeps what was verified, and nothing else, by the digest of the whole token (CVE-2026-35039), so that a token seen before
 * is not even parsed. The expiry is looked at on each hit, the issuer must be one that is accepted there (RFC 8725 §3.8),
 * and a change of its keys ends all that was verified with the old ones.
 */
export const createTokenCache = ({ max, now, onLookup }: TokenCacheOptions): TokenCache => {
  if (max === 0) return { find: () => undefined, load: (_digest, _from, verify) => verify() }
  const entries = new LRUCache<string, Entry>({ max })
  return {
    find: (digest, issuers) => {
      const entry = entries.get(digest)
      if (!entry || !issuers.has(entry.issuer)) return undefined
      const { keys, version, verified } = entry
      const { expiresAt = 0 } = verified
      if (keys !== version() || now() >= expiresAt) return undefined
      onLookup('hit')
      return entry
    },
    load: async (digest, from, verify) => {
      onLookup('miss')
      const keys = from.version()
      const verified = await verify()
      if (verified.kind === 'verified' && keys !== undefined && keys === from.version()) {
        entries.set(digest, { ...from, keys, verified })
      }
      return verified
    },
  }
}

interface Entry extends CachedToken {
  /** The version of the keys that it was verified with. */
  readonly keys: number
}
