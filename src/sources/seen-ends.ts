import { LRUCache } from 'lru-cache'
import type { ExpiringKey } from '../ops/expiring-key.ts'

/** When keys expire that a source of too many keys to list was asked for: those seen last. */
export interface SeenEnds {
  /** Told of a key's present secret, by its digest. */
  readonly see: (digest: string, id: string, expires: number | undefined) => void
  /** What is known of one, or of all, may be so no more. */
  readonly forget: (digest?: string) => void
  readonly list: () => readonly ExpiringKey[]
}

const MAX_SEEN = 1_000

export const createSeenEnds = (): SeenEnds => {
  const ends = new LRUCache<string, ExpiringKey>({ max: MAX_SEEN })
  return {
    see: (digest, id, expires) => {
      if (expires !== undefined) ends.set(digest, { id, expires })
    },
    forget: (digest) => {
      if (digest === undefined) ends.clear()
      else ends.delete(digest)
    },
    list: () => [...ends.values()],
  }
}
