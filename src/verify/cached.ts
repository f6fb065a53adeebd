import { LRUCache } from 'lru-cache'
import type { Verification, Verified } from '../core/ports.ts'

interface Entry {
  readonly verified: Verified
  readonly version: number
}

export interface CacheOptions {
  /** How many tokens are kept, of all issuers together; 0 keeps none. */
  readonly max: number
  readonly now: () => number
  readonly onLookup: (result: 'hit' | 'miss') => void
}

/** Whose tokens they are: the cache tells issuers apart, and keys of one issuer from its later ones. */
export interface CachedIssuer {
  readonly issuer: string
  /** Changes when the keys of the issuer do; undefined when nothing may be answered from the cache. */
  readonly version: () => number | undefined
}

/** Remembers verified tokens. */
export type Cached = (from: CachedIssuer, digest: string, verify: () => Promise<Verification>) => Promise<Verification>

/**
 * Keeps what was verified, and nothing else, by the digest of the whole token (CVE-2026-35039). The expiry is looked at
 * on each hit, and a change of the issuer's keys ends all that was verified with the old ones.
 */
export const createCached = ({ max, now, onLookup }: CacheOptions): Cached => {
  if (max === 0) return (_from, _digest, verify) => verify()
  const entries = new LRUCache<string, Entry>({ max })
  return async ({ issuer, version }, digest, verify) => {
    const name = `${digest} ${issuer}`
    const before = version()
    const entry = entries.get(name)
    const { expiresAt = 0 } = entry?.verified ?? {}
    if (entry && entry.version === before && now() < expiresAt) {
      onLookup('hit')
      return entry.verified
    }
    onLookup('miss')
    const verification = await verify()
    if (verification.kind === 'verified' && before !== undefined && before === version()) {
      entries.set(name, { verified: verification, version: before })
    }
    return verification
  }
}
