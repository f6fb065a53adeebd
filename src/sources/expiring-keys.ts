import { allocateShared } from './shared-memory.ts'

/** A key that will be refused from that time on, in milliseconds since the epoch. */
export interface ExpiringKey {
  readonly id: string
  readonly expires: number
}

/** Records whose keys expire, nearest first, with their times. */
export interface SortedEnds {
  readonly times: Float64Array
  readonly records: Uint32Array
}

/** So many are told of, the nearest. */
const MAX_KEYS = 100

/** `ends` has the end of a key at the number of its record; zero and infinity are no ends. */
export const sortEnds = (ends: Float64Array): SortedEnds => {
  let count = 0
  for (const end of ends) if (end > 0 && end < Number.POSITIVE_INFINITY) count += 1
  const records = new Uint32Array(allocateShared(4 * count), 0, count)
  let next = 0
  for (const [record, end] of ends.entries()) {
    if (end > 0 && end < Number.POSITIVE_INFINITY) records[next++] = record
  }
  records.sort((a, b) => (ends[a] ?? 0) - (ends[b] ?? 0) || a - b)
  const times = new Float64Array(allocateShared(8 * count), 0, count)
  for (const [position, record] of records.entries()) times[position] = ends[record] ?? 0
  return { times, records }
}

/**
 * The keys that expire next, nearest first. A secret that a rotation replaced does not count: its key goes on. Nor does
 * what has expired already, or is disabled.
 */
export const toExpiringKeys = (
  { times, records }: SortedEnds,
  readId: (record: number) => string,
  now: number,
): readonly ExpiringKey[] => {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? 0) > now) high = middle
    else low = middle + 1
  }
  return [...times.subarray(low, low + MAX_KEYS)].map((expires, position) => ({
    id: readId(records[low + position] ?? 0),
    expires,
  }))
}
