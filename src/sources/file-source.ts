import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { KeySourceConfig } from '../config/schema.ts'
import type { Observer } from '../ops/observer.ts'
import { watchFolders } from '../watch-folders.ts'
import type { KeySource } from './key-source.ts'
import { type FileState, readKeyFiles } from './read-key-files.ts'
import type { SideThread } from './side-thread.ts'

/** To parse more takes longer than a check should wait: in bytes, of all files that changed. */
const MAX_BYTES_HERE = 16_384

/** Parsed sooner than a thread starts. */
const MAX_BYTES_AT_START = 262_144

/**
 * API keys from a folder or a key set file, read again when they change. The unit of refusal is the file: a broken one
 * keeps its last good keys (none at start) and takes no other down. Names that start with a dot, and folders, are passed over.
 * Once the gate `isAnswering`, all but little is read in the side thread, so that no check waits.
 */
export const createFileSource = async (
  { directory, file }: KeySourceConfig,
  observer: Observer,
  onChange: () => Promise<void>,
  thread: SideThread,
  isAnswering: boolean,
): Promise<KeySource> => {
  const name = directory ?? file ?? ''
  const folder = directory ?? dirname(name)
  let files: ReadonlyMap<string, FileState> = new Map()
  let problem: string | undefined = 'not read yet'
  let loaded = false

  const list = async (): Promise<readonly string[]> =>
    directory === undefined
      ? [basename(name)]
      : (await readdir(folder)).filter((entry) => !entry.startsWith('.')).sort()

  const load = async (maxBytesHere: number): Promise<void> => {
    let next: ReadonlyMap<string, FileState>
    try {
      const paths = (await list()).map((entry) => join(folder, entry))
      next = await readKeyFiles(paths, files, directory === undefined, thread, maxBytesHere)
    } catch (error) {
      if (thread.isClosed()) return
      const message = `${name}: ${error instanceof Error ? error.message : error}`
      if (message !== problem) observer.reloaded('keys', name, [message])
      problem = message
      return
    }
    const changed = next.size !== files.size || [...next].some(([path, state]) => files.get(path) !== state)
    if (loaded && problem === undefined && !changed) return
    const problems = [...next.values()].flatMap((state) => state.problems)
    files = next
    problem = undefined
    loaded = true
    observer.reloaded('keys', name, problems)
    await onChange()
  }

  await load(isAnswering ? MAX_BYTES_HERE : MAX_BYTES_AT_START)
  const close = watchFolders([folder], () => load(MAX_BYTES_HERE))
  return {
    name,
    isLoaded: () => loaded,
    groups: () => [...files.values()].map(({ group }) => group),
    problems: () => [...(problem ? [problem] : []), ...[...files.values()].flatMap((state) => state.problems)],
    close,
  }
}
