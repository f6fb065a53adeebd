import { LRUCache } from 'lru-cache'

/** How long an answer is kept, in milliseconds, and among which: those that name somebody, or those that name nobody. */
export interface Keep {
  readonly kind: 'present' | 'absent'
  readonly ttl: number
}

export interface LookupCacheOptions<T> {
  /** How many answers of each kind are kept. */
  readonly max: number
  /** How many questions may be open at once. */
  readonly maxLoads: number
  /** Undefined for what is not kept, such as an outage. */
  readonly keep: (answer: T) => Keep | undefined
  /** Milliseconds. */
  readonly now: () => number
}

/** Remembers what was asked for by digest. */
export interface LookupCache<T> {
  readonly find: (digest: string) => T | undefined
  /** Asks, or joins those who are asking the same; undefined when too many are asking. */
  readonly load: (digest: string, ask: () => Promise<T>) => Promise<T | undefined>
  readonly forget: (digest: string) => void
  readonly forgetAbsent: () => void
  readonly forgetAll: () => void
}

/** Present and absent answers are kept apart, so that a flood of unknown digests pushes no known one out. */
export const createLookupCache = <T extends object>(options: LookupCacheOptions<T>): LookupCache<T> => {
  const { max, maxLoads, keep, now } = options
  const settings = { max, ttlResolution: 0, perf: { now } }
  const kept = { present: new LRUCache<string, T>(settings), absent: new LRUCache<string, T>(settings) }
  const loads = new Map<string, Promise<T>>()

  const load = async (digest: string, ask: () => Promise<T>): Promise<T | undefined> => {
    const loading = loads.get(digest)
    if (loading !== undefined) return loading
    if (loads.size >= maxLoads) return undefined
    // Whoever forgot it meanwhile knows of a change that this answer may have missed.
    const isCurrent = () => loads.get(digest) === asking
    const asking = ask()
      .then((answer) => {
        const { kind, ttl } = keep(answer) ?? NOT_KEPT
        if (isCurrent() && ttl > 0) kept[kind].set(digest, answer, { ttl })
        return answer
      })
      .finally(() => {
        if (isCurrent()) loads.delete(digest)
      })
    loads.set(digest, asking)
    return asking
  }
  return {
    find: (digest) => kept.present.get(digest) ?? kept.absent.get(digest),
    load,
    forget: (digest) => {
      kept.present.delete(digest)
      kept.absent.delete(digest)
      loads.delete(digest)
    },
    forgetAbsent: () => kept.absent.clear(),
    forgetAll: () => {
      kept.present.clear()
      kept.absent.clear()
      loads.clear()
    },
  }
}

const NOT_KEPT: Keep = { kind: 'absent', ttl: 0 }
