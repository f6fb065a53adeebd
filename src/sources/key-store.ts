import type { KeySourceConfig } from '../config/schema.ts'
import type { Observer } from '../ops/observer.ts'
import { createFileSource } from './file-source.ts'
import { EMPTY_INDEX, toKeyIndex } from './key-index.ts'
import type { KeyRecord } from './key-record.ts'
import type { KeyLookup, KeySource } from './key-source.ts'

/** The keys of all configured sources, always as they are now. */
export interface KeyStore {
  readonly find: (digest: string) => KeyRecord | undefined
  /** Asks the sources that are asked key by key; undefined when there is none. */
  readonly lookUp: ((digest: string, deadline: number | undefined) => Promise<KeyLookup>) | undefined
  /** False while a source was never read: an unknown key could be one of its keys. */
  readonly isComplete: () => boolean
  readonly size: () => number
  readonly problems: () => readonly string[]
  readonly close: () => void
}

/** Opens the sources; it resolves when each was tried once. A change swaps the whole index at once. */
export const createKeyStore = async (configs: readonly KeySourceConfig[], observer: Observer): Promise<KeyStore> => {
  let sources: readonly KeySource[] = []
  let index = EMPTY_INDEX
  const rebuild = (): void => {
    const before = index.problems.join()
    index = toKeyIndex(
      sources.flatMap((source) => source.groups()),
      index,
    )
    if (index.problems.length > 0 && index.problems.join() !== before) {
      observer.reloaded('keys', 'all sources', index.problems)
    }
  }
  sources = await Promise.all(configs.map((config) => createFileSource(config, observer, rebuild)))
  rebuild()
  return {
    find: (digest) => index.byDigest.get(digest),
    lookUp: toLookUp(sources),
    isComplete: () => sources.every((source) => source.isLoaded()),
    size: () => index.byDigest.size,
    problems: () => [...sources.flatMap((source) => source.problems()), ...index.problems],
    close: () => {
      for (const source of sources) source.close()
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
