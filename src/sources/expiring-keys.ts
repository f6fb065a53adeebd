import type { KeyRecord } from './key-record.ts'

/** A key that will be refused from that time on, in milliseconds since the epoch. */
export interface ExpiringKey {
  readonly id: string
  readonly expires: number
}

/** So many are told of, the nearest. */
const MAX_KEYS = 100

/**
 * The keys that expire next, nearest first. A secret that a rotation replaced does not count: its key goes on. Nor does
 * what has expired already, or is disabled.
 */
export const toExpiringKeys = (records: Iterable<KeyRecord>, now: number): readonly ExpiringKey[] => {
  const ends = new Map<string, number>()
  for (const { id, disabled, expires = Number.POSITIVE_INFINITY } of records) {
    if (!disabled) ends.set(id, Math.max(expires, ends.get(id) ?? 0))
  }
  return [...ends]
    .map(([id, expires]) => ({ id, expires }))
    .filter(({ expires }) => expires > now && expires < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.expires - b.expires)
    .slice(0, MAX_KEYS)
}
