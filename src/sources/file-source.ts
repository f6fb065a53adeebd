import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { KeySourceConfig } from '../config/schema.ts'
import type { Observer } from '../ops/observer.ts'
import { watchFolders } from '../watch-folders.ts'
import { parseKeyFile } from './key-file.ts'
import type { KeyGroup, KeySource } from './key-source.ts'

/** What is known of one file: its last good keys, and what is wrong with its present content. */
interface FileState {
  readonly signature: string
  readonly group: KeyGroup
  readonly problems: readonly string[]
}

/**
 * API keys from a folder or a key set file, read again when they change. The unit of refusal is the file: a broken one
 * keeps its last good keys (none at start) and takes no other down. Names that start with a dot, and folders, are passed over.
 */
export const createFileSource = async (
  { directory, file }: KeySourceConfig,
  observer: Observer,
  onChange: () => void,
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

  const load = async (): Promise<void> => {
    let next: Map<string, FileState>
    try {
      next = await readFiles(folder, await list(), files, directory === undefined)
    } catch (error) {
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
    onChange()
  }

  await load()
  const close = watchFolders([folder], load)
  return {
    name,
    isLoaded: () => loaded,
    groups: () => [...files.values()].map(({ group }) => group),
    problems: () => [...(problem ? [problem] : []), ...[...files.values()].flatMap((state) => state.problems)],
    close,
  }
}

const readFiles = async (
  folder: string,
  names: readonly string[],
  known: ReadonlyMap<string, FileState>,
  mustExist: boolean,
): Promise<Map<string, FileState>> => {
  const next = new Map<string, FileState>()
  for (const name of names) {
    const path = join(folder, name)
    const state = await readState(path, known.get(path), mustExist)
    if (state) next.set(path, state)
  }
  return next
}

const readState = async (
  path: string,
  known: FileState | undefined,
  mustExist: boolean,
): Promise<FileState | undefined> => {
  try {
    const stats = await stat(path, { bigint: true })
    if (!stats.isFile()) return undefined
    const signature = [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join()
    if (known?.signature === signature) return known
    const parsed = parseKeyFile(path, await readFile(path))
    if (parsed.kind === 'parsed') return { signature, group: { origin: path, records: parsed.records }, problems: [] }
    return { signature, group: known?.group ?? { origin: path, records: [] }, problems: parsed.problems }
  } catch (error) {
    // A file that went away between the listing and the reading took its keys with it.
    if (!mustExist && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (mustExist) throw error
    const problems = [`${path}: cannot be read: ${error instanceof Error ? error.message : error}`]
    if (known?.signature === problems[0]) return known
    return { signature: problems[0] ?? '', group: known?.group ?? { origin: path, records: [] }, problems }
  }
}
