import { LRUCache } from 'lru-cache'
import type { Verification, Verified } from '../core/ports.ts'

interface Entry {
  readonly verified: Verified
  readonly version: number
}

export interface CacheOptions {
  /** How many tokens are kept; 0 keeps none. */
  readonly max: number
  readonly now: () => number
  /** Changes when the keys of the issuer do; undefined when nothing may be answered from the cache. */
  readonly version: () => number | undefined
  readonly onLookup: (result: 'hit' | 'miss') => void
}

/** Remembers verified tokens of one issuer. */
export type Cached = (digest: string, verify: () => Promise<Verification>) => Promise<Verification>

/**
 * Keeps what was verified, and nothing else, by the digest of the whole token (CVE-2026-35039). The expiry is looked at
 * on each hit, and a change of the issuer's keys ends all that was verified with the old ones.
 */
export const createCached = ({ max, now, version, onLookup }: CacheOptions): Cached => {
  if (max === 0) return (_, verify) => verify()
  const entries = new LRUCache<string, Entry>({ max })
  return async (digest, verify) => {
    const before = version()
    const entry = entries.get(digest)
    const { expiresAt = 0 } = entry?.verified ?? {}
    if (entry && entry.version === before && now() < expiresAt) {
      onLookup('hit')
      return entry.verified
    }
    onLookup('miss')
    const verification = await verify()
    if (verification.kind === 'verified' && before !== undefined && before === version()) {
      entries.set(digest, { verified: verification, version: before })
    }
    return verification
  }
}
