import type { Observer } from '../ops/observer.ts'
import { buildTables } from './index-tables.ts'
import { EMPTY_INDEX, type KeyIndex, openIndex, toPieces } from './key-index.ts'
import type { KeySource } from './key-source.ts'
import type { SideThread } from './side-thread.ts'

/** The index of the keys of some sources, swapped as a whole. */
export interface LiveIndex {
  readonly current: () => KeyIndex
  /** Makes it anew from what the sources hold. Resolves when that is done, or at once when it is being done already. */
  readonly rebuild: () => Promise<void>
  /** True when the index has the keys of a source; while it is being made they may be read and not in it yet. */
  readonly has: (source: KeySource) => boolean
  readonly problems: () => readonly string[]
}

/** To index more takes longer than a check should wait. */
const MAX_INDEXED_HERE = 5_000

/** Few keys are indexed at once, many in the side thread; meanwhile, and should that fail, the last index serves. */
export const createLiveIndex = (
  sources: () => readonly KeySource[],
  thread: SideThread,
  observer: Observer,
): LiveIndex => {
  let index = EMPTY_INDEX
  let indexed: ReadonlySet<KeySource> = new Set()
  let failure: string | undefined
  let isStale = false
  let isBuilding = false

  const build = async (): Promise<void> => {
    const loaded = new Set(sources().filter((source) => source.isLoaded()))
    const pieces = toPieces(sources().flatMap((source) => source.groups()))
    const count = pieces.reduce((sum, { keys }) => sum + keys.length, 0)
    const before = { pieces: index.tables.pieces, byId: index.tables.byId }
    const made = count > MAX_INDEXED_HERE ? await thread.run({ kind: 'index', pieces, before }) : undefined
    const known = index.problems.join()
    index = openIndex(made ?? buildTables(pieces, before))
    indexed = loaded
    failure = undefined
    if (index.problems.length > 0 && index.problems.join() !== known) {
      observer.reloaded('keys', 'all sources', index.problems)
    }
  }
  const rebuild = async (): Promise<void> => {
    isStale = true
    if (isBuilding) return
    isBuilding = true
    while (isStale) {
      isStale = false
      try {
        await build()
      } catch (error) {
        if (thread.isClosed()) return
        failure = `the keys could not be indexed, the last index serves: ${error instanceof Error ? error.message : error}`
        observer.reloaded('keys', 'all sources', [failure])
      }
    }
    isBuilding = false
  }
  return {
    current: () => index,
    rebuild,
    has: (source) => indexed.has(source),
    problems: () => [...(failure ? [failure] : []), ...index.problems],
  }
}
