import type { ExpiringKey } from '../ops/expiring-key.ts'
import { allocateShared } from './shared-memory.ts'

/** So many are told of, the nearest. */
const MAX_KEYS = 100

/**
 * The records whose keys expire, nearest first. `ends` has the end of a key, and `lasts` the record that ends then, at
 * one number; zero and infinity are no ends.
 */
export const sortEnds = (ends: Float64Array, lasts: Uint32Array): Uint32Array => {
  const numbers = new Uint32Array(ends.reduce((sum, end) => sum + (isEnd(end) ? 1 : 0), 0))
  let next = 0
  for (const [number, end] of ends.entries()) if (isEnd(end)) numbers[next++] = number
  numbers.sort((a, b) => (ends[a] ?? 0) - (ends[b] ?? 0) || a - b)
  const records = new Uint32Array(allocateShared(4 * numbers.length), 0, numbers.length)
  for (const [position, number] of numbers.entries()) records[position] = lasts[number] ?? 0
  return records
}

const isEnd = (end: number): boolean => end > 0 && end < Number.POSITIVE_INFINITY

/**
 * The keys that expire next, nearest first. A secret that a rotation replaced does not count: its key goes on. Nor does
 * what has expired already, or is disabled.
 */
export const toExpiringKeys = (
  records: Uint32Array,
  read: (record: number) => ExpiringKey,
  now: number,
): readonly ExpiringKey[] => {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (read(records[middle] ?? 0).expires > now) high = middle
    else low = middle + 1
  }
  return Array.from(records.subarray(low, low + MAX_KEYS), read)
}
