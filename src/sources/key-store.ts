import type { KeySourceConfig } from '../config/schema.ts'
import type { ExpiringKey } from '../ops/expiring-key.ts'
import type { Observer } from '../ops/observer.ts'
import { createFileSource } from './file-source.ts'
import type { KeyRecord } from './key-record.ts'
import type { KeyLookup, KeySource } from './key-source.ts'
import { createLiveIndex } from './live-index.ts'
import { refuseOwned } from './refuse-owned.ts'
import { createSideThread, type SideThread } from './side-thread.ts'

/** The keys of all configured sources, always as they are now. */
export interface KeyStore {
  readonly find: (digest: string) => KeyRecord | undefined
  /** Asks the sources that are asked key by key; undefined when there is none. */
  readonly lookUp: ((digest: string, deadline: number | undefined) => Promise<KeyLookup>) | undefined
  /** Tells the sources that are asked key by key that a key was good. */
  readonly used?: (record: KeyRecord, time: number) => void
  /** False while a source cannot say what it has: an unknown key could be one of its keys. */
  readonly isComplete: () => boolean
  /** False while no source can. */
  readonly isUsable: () => boolean
  readonly size: () => number
  /** Those that expire next, of all that are held in memory or were looked up. */
  readonly expiring: (now: number) => readonly ExpiringKey[]
  /** For each source that can be away: milliseconds since it was last in agreement with what is there. */
  readonly ages: () => readonly { readonly source: string; readonly age: number | undefined }[]
  readonly problems: () => readonly string[]
  readonly opened: readonly OpenSource[]
  readonly thread: SideThread
  /** Closes the sources that the next store, if there is one, did not take over. */
  readonly close: (next?: KeyStore) => void
}

/** So many are told of that expire next. */
const MAX_EXPIRING = 100

/** A source that is open, and who is told of its changes: two stores, while one takes over from the other. */
interface OpenSource {
  readonly config: string
  readonly source: KeySource
  readonly listeners: Set<() => Promise<void>>
}

/**
 * Opens the sources; it resolves when each was tried once. A change swaps the whole index at once. Sources that the store
 * `before` has open already are taken over as they are, with their last good keys.
 */
export const createKeyStore = async (
  configs: readonly KeySourceConfig[],
  observer: Observer,
  before?: KeyStore,
): Promise<KeyStore> => {
  let sources: readonly KeySource[] = []
  const thread = before?.thread ?? createSideThread()
  const index = createLiveIndex(() => sources, thread, observer)
  const openSource = async (config: KeySourceConfig, onChange: () => Promise<void>): Promise<KeySource> => {
    // Loaded when it is needed: most gates have no Redis.
    if (config.redis) return (await import('./redis-source.ts')).createRedisSource(config.redis, observer)
    if (config.kubernetes) {
      return (await import('./kubernetes-source.ts')).createKubernetesSource(config.kubernetes, observer, onChange)
    }
    return createFileSource(config, observer, onChange, thread, before !== undefined)
  }
  const open = async (config: KeySourceConfig): Promise<OpenSource> => {
    const name = JSON.stringify(config)
    const present = before?.opened.find((other) => other.config === name)
    if (present) return present
    const listeners = new Set<() => Promise<void>>()
    const tell = async (): Promise<void> => {
      await Promise.all([...listeners].map((listener) => listener()))
    }
    return { config: name, source: await openSource(config, tell), listeners }
  }
  const opened = await Promise.all(configs.map(open))
  sources = opened.map(({ source }) => source)
  for (const { listeners } of opened) listeners.add(index.rebuild)
  await index.rebuild()
  return {
    find: (digest) => index.current().byDigest.get(digest),
    lookUp: refuseOwned(
      toLookUp(sources),
      () => index.current().owners,
      (problem) => observer.reloaded('keys', 'all sources', [problem]),
    ),
    used: (record, time) => {
      for (const source of sources) source.used?.(record, time)
    },
    isComplete: () =>
      sources.every((source) => source.isLoaded() && (source.lookUp !== undefined || index.has(source))),
    isUsable: () => sources.some((source) => source.isLoaded()),
    size: () => index.current().byDigest.size,
    expiring: (now) => joinEnds(index.current().expiring(now), sources, now),
    ages: () => sources.flatMap(({ name, age }) => (age ? [{ source: name, age: age() }] : [])),
    problems: () => [...sources.flatMap((source) => source.problems()), ...index.problems()],
    opened,
    thread,
    close: (next) => {
      for (const { source, listeners } of opened) {
        listeners.delete(index.rebuild)
        if (!next?.opened.some((other) => other.source === source)) source.close()
      }
      if (!next) thread.close()
    },
  }
}

/** The first source that knows a digest answers; one that cannot say makes the answer uncertain. */
const toLookUp = (sources: readonly KeySource[]): KeyStore['lookUp'] => {
  const asked = sources.flatMap(({ lookUp }) => (lookUp ? [lookUp] : []))
  if (asked.length === 0) return undefined
  return async (digest, deadline) => {
    const answers = await Promise.all(asked.map((lookUp) => lookUp(digest, deadline)))
    const rank = (kind: KeyLookup['kind']) => answers.find((answer) => answer.kind === kind)
    return rank('found') ?? rank('unavailable') ?? { kind: 'unknown' }
  }
}

const joinEnds = (held: readonly ExpiringKey[], sources: readonly KeySource[], now: number): readonly ExpiringKey[] => {
  const seen = sources.flatMap((source) => source.expiring?.() ?? []).filter(({ expires }) => expires > now)
  return seen.length === 0 ? held : [...held, ...seen].sort((a, b) => a.expires - b.expires).slice(0, MAX_EXPIRING)
}
