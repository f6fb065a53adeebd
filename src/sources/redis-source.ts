import type { RedisSourceConfig } from '../config/redis-source-schema.ts'
import { createFloodGuard } from '../lookup/flood-guard.ts'
import { createLookupCache, type Keep } from '../lookup/lookup-cache.ts'
import { within } from '../lookup/within.ts'
import type { Observer } from '../ops/observer.ts'
import { toKeyNames } from '../redis/key-names.ts'
import { createLastUseWriter } from '../redis/last-use-writer.ts'
import { createRedisLink } from '../redis/link.ts'
import { toSourceName } from '../redis/locate-server.ts'
import { toFailureText } from '../redis/open-client.ts'
import { createProblemList } from '../redis/problem-list.ts'
import { MAX_RECORD_BYTES, parseRecord, type StoredRecord } from '../redis/stored-record.ts'
import type { KeyRecord } from './key-record.ts'
import type { KeyLookup, KeySource } from './key-source.ts'
import { createSeenEnds } from './seen-ends.ts'

/** How long a check may wait; its deadline may be sooner. In milliseconds. */
const WAIT_MILLISECONDS = 100
const MARGIN_MILLISECONDS = 20
/** How long the start waits for a Redis that does not answer. */
const START_MILLISECONDS = 2_000
/** The greatest rate at which secrets that turn out to be unknown are asked for. */
const UNKNOWN_PER_SECOND = 500
const ABSENT_TTL_MILLISECONDS = 10_000
/** How many of them may be asked for at a time, and how many of all. */
const UNKNOWN_AT_ONCE = 500
const AT_ONCE = 1_000
const FLOOD = `unknown secrets come faster than ${UNKNOWN_PER_SECOND} a second: those beyond are not asked for, and get 503`

/**
 * API keys in Redis, asked for by digest and kept while Redis tells of changes. When it is lost, records that were read
 * before are used for `maxStale`, and nothing is denied as unknown.
 */
export const createRedisSource = async (config: RedisSourceConfig, observer: Observer): Promise<KeySource> => {
  const name = toSourceName(config)
  const names = toKeyNames(config.prefix)
  const now = () => performance.now()
  const problems = createProblemList((problem) => observer.reloaded('keys', name, [problem]))
  const guard = createFloodGuard({
    perSecond: UNKNOWN_PER_SECOND,
    atOnce: UNKNOWN_AT_ONCE,
    max: config.cache,
    onFlood: () => observer.reloaded('keys', name, [FLOOD]),
    now,
  })
  const own = new WeakSet<KeyRecord>()
  const ends = createSeenEnds()

  const read = async (digest: string): Promise<ReadRecord> => {
    if (!link.isUp()) return UNAVAILABLE
    const leave = guard.enter(digest)
    if (!leave) return UNAVAILABLE
    const record = await ask(digest)
    if (record.kind === 'broken') problems.add(toShortName(digest), record.problem)
    leave(record.kind === 'entry' || record.kind === 'replaced')
    return record
  }
  const ask = async (digest: string): Promise<ReadRecord> => {
    try {
      const text = await link.send(['GETRANGE', names.toRecordName(digest), '0', String(MAX_RECORD_BYTES)])
      problems.remove('read')
      return parseRecord(digest, String(text))
    } catch (error) {
      const { message } = error as Error
      if (message.startsWith('WRONGTYPE')) return { kind: 'broken', problem: 'it is no string' }
      if (/^[A-Z]+ /.test(message)) problems.add('read', toFailureText(error))
      return UNAVAILABLE
    }
  }
  const keep = ({ kind }: ReadRecord): Keep | undefined => {
    if (kind === 'unavailable') return undefined
    return kind === 'absent' ? { kind, ttl: ABSENT_TTL_MILLISECONDS } : { kind: 'present', ttl: config.ttl }
  }
  const cache = createLookupCache({ max: config.cache, maxLoads: AT_ONCE, keep, now })
  const find = async (digest: string, end: number): Promise<ReadRecord> =>
    cache.find(digest) ??
    (await within(
      cache.load(digest, () => read(digest)),
      end - now(),
    )) ??
    UNAVAILABLE

  let isLoaded = false
  const link = createRedisLink(
    config,
    {
      onUp: () => {
        isLoaded = true
        cache.forgetAll()
        ends.forget()
        problems.clear()
        observer.reloaded('keys', name, [])
      },
      onDown: (problem) => {
        cache.forgetAbsent()
        problems.add('connection', problem)
      },
      onChange: (changed) => {
        const digest = changed === undefined ? undefined : names.toDigest(changed)
        if (changed === undefined) cache.forgetAll()
        if (changed === undefined) ends.forget()
        if (digest === undefined) return
        cache.forget(digest)
        ends.forget(digest)
        problems.remove(toShortName(digest))
      },
    },
    now,
  )
  const writer = createLastUseWriter(async (times) => {
    const members = times.flatMap(([id, time]) => [String(time), id])
    await link.send(['ZADD', names.lastUse, 'GT', ...members]).catch((error: Error) => {
      if (error.message.startsWith('NOPERM')) problems.add('last use', toFailureText(error))
      throw error
    })
    problems.remove('last use')
  })
  const toShortName = (digest: string): string => `${names.toRecordName(digest.slice(0, 12))}*`

  await within(link.tried, START_MILLISECONDS)
  return {
    name,
    isLoaded: () => isLoaded,
    groups: () => [],
    problems: () => {
      const list = [...problems.list(), ...(guard.isFlooded() ? [FLOOD] : [])]
      return (isLoaded || list.length > 0 ? list : ['not connected yet']).map((problem) => `${name}: ${problem}`)
    },
    lookUp: async (digest, deadline = Number.POSITIVE_INFINITY) => {
      if (now() - link.currentAt() > config.maxStale) return UNAVAILABLE
      const start = now()
      const isRemembered = cache.find(digest) !== undefined
      const end = start + Math.min(WAIT_MILLISECONDS, deadline - Date.now() - MARGIN_MILLISECONDS)
      const record = await find(digest, end)
      const lookup = await toLookup(digest, record, (target) => find(target, end))
      observer.lookedUp(name, isRemembered ? 'remembered' : lookup.kind, now() - start)
      if (lookup.kind !== 'found') return lookup
      own.add(lookup.record)
      // A secret that was replaced ends as well, but its key goes on.
      if (record.kind === 'entry') ends.see(digest, lookup.record.id, lookup.record.expires)
      return lookup
    },
    expiring: ends.list,
    used: (record, time) => {
      if (config.lastUse && own.has(record)) writer.used(record.id, time)
    },
    age: () => (isLoaded ? now() - link.currentAt() : undefined),
    close: () => void within(writer.close(), 1_000).then(link.close),
  }
}

/** A record, or that it cannot be known now. */
type ReadRecord = StoredRecord | { readonly kind: 'unavailable' }

const UNAVAILABLE = { kind: 'unavailable' } as const

/** A record that cannot be read lets nobody in; that it is a bad key cannot be said either. */
const toLookup = async (
  digest: string,
  record: ReadRecord,
  follow: (digest: string) => Promise<ReadRecord>,
): Promise<KeyLookup> => {
  if (record.kind === 'absent') return { kind: 'unknown' }
  if (record.kind === 'broken' || record.kind === 'unavailable') return UNAVAILABLE
  if (record.kind === 'entry') return toFound(record.records.get(digest))
  const target = await follow(record.by)
  if (target.kind === 'broken' || target.kind === 'unavailable') return UNAVAILABLE
  return toFound(target.kind === 'entry' ? target.records.get(digest) : undefined)
}

const toFound = (record: KeyRecord | undefined): KeyLookup => (record ? { kind: 'found', record } : { kind: 'unknown' })
