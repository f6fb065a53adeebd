import { LRUCache } from 'lru-cache'
import type { StoredRecord } from './stored-record.ts'

/** A record, or why it cannot be known now. */
export type ReadRecord = StoredRecord | { readonly kind: 'unavailable' }

export interface CacheOptions {
  /** How many records are kept, and how many digests that have none. */
  readonly max: number
  /** Milliseconds. */
  readonly ttl: number
  readonly absentTtl: number
  readonly now: () => number
  /** It must not reject. */
  readonly read: (digest: string) => Promise<ReadRecord>
}

/** Remembers what was read. */
export interface RecordCache {
  readonly find: (digest: string) => StoredRecord | undefined
  /** Reads, or joins those who are reading the same. */
  readonly load: (digest: string) => Promise<ReadRecord>
  readonly forget: (digest: string) => void
  readonly forgetAbsent: () => void
  readonly forgetAll: () => void
}

/** How many reads may be under way at once. */
const MAX_LOADS = 1_000

/** Records and absent ones are kept apart, so that a flood of unknown digests pushes no record out. */
export const createRecordCache = ({ max, ttl, absentTtl, now, read }: CacheOptions): RecordCache => {
  const present = new LRUCache<string, StoredRecord>({ max, ttl, ttlResolution: 0, perf: { now } })
  const absent = new LRUCache<string, StoredRecord>({ max, ttl: absentTtl, ttlResolution: 0, perf: { now } })
  const loads = new Map<string, Promise<ReadRecord>>()

  const keep = (digest: string, record: ReadRecord): void => {
    if (record.kind === 'absent') absent.set(digest, record)
    else if (record.kind !== 'unavailable') present.set(digest, record)
  }
  const load = async (digest: string): Promise<ReadRecord> => {
    const loading = loads.get(digest)
    if (loading) return loading
    if (loads.size >= MAX_LOADS) return { kind: 'unavailable' }
    const reading = read(digest).then((record) => {
      // Whoever forgot it meanwhile knows of a change that this reading may have missed.
      if (loads.get(digest) === reading) {
        loads.delete(digest)
        keep(digest, record)
      }
      return record
    })
    loads.set(digest, reading)
    return reading
  }
  return {
    find: (digest) => present.get(digest) ?? absent.get(digest),
    load,
    forget: (digest) => {
      present.delete(digest)
      absent.delete(digest)
      loads.delete(digest)
    },
    forgetAbsent: () => absent.clear(),
    forgetAll: () => {
      present.clear()
      absent.clear()
      loads.clear()
    },
  }
}
