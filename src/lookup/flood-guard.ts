import { LRUCache } from 'lru-cache'
import { createTokenBucket } from './token-bucket.ts'

export interface FloodGuardOptions {
  /** The greatest rate at which digests that turn out to be unknown are asked for. */
  readonly perSecond: number
  /** How many of them may be asked for at a time. */
  readonly atOnce: number
  /** How many digests that were known once are remembered: those are asked for whatever the rate. */
  readonly max: number
  /** Told when a flood begins. */
  readonly onFlood: () => void
  /** Milliseconds. */
  readonly now: () => number
}

/** Bounds what made-up credentials cost whoever is asked about them. */
export interface FloodGuard {
  /** Undefined when the digest must not be asked for now; else what to call with the answer: is it known? */
  readonly enter: (digest: string) => ((isKnown: boolean) => void) | undefined
  /** True for 10 s after the last one that was not asked for. */
  readonly isFlooded: () => boolean
}

const FLOOD_MILLISECONDS = 10_000

/** A guard that remembers no digest yet. */
export const createFloodGuard = ({ perSecond, atOnce, max, onFlood, now }: FloodGuardOptions): FloodGuard => {
  const known = new LRUCache<string, true>({ max })
  const unknowns = createTokenBucket(perSecond, now)
  let asking = 0
  let floodedAt = Number.NEGATIVE_INFINITY
  const isFlooded = () => now() - floodedAt < FLOOD_MILLISECONDS

  return {
    enter: (digest) => {
      if (known.has(digest)) return () => void known.get(digest)
      if (asking >= atOnce || !unknowns.take()) {
        if (!isFlooded()) onFlood()
        floodedAt = now()
        return undefined
      }
      asking += 1
      return (isKnown) => {
        asking -= 1
        if (!isKnown) return
        unknowns.giveBack()
        known.set(digest, true)
      }
    },
    isFlooded,
  }
}
