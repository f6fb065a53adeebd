import { readFile, stat } from 'node:fs/promises'
import type { PackedGroup } from './key-source.ts'
import type { FileBefore } from './key-work.ts'
import { type PackedFile, packContent, toUnreadable } from './pack-key-file.ts'
import type { SideThread } from './side-thread.ts'

/** What is known of one file: its last good keys, and what is wrong with its present content. */
export interface FileState {
  readonly signature: string
  readonly group: PackedGroup
  readonly problems: readonly string[]
}

/** A file as it was met, before its content is read; or why it could not even be met. */
interface MetFile {
  readonly path: string
  readonly signature: string
  readonly bytes: number
  readonly failure?: PackedFile
}

/**
 * Reads the files that have changed: more than `maxBytesHere` of them in the side thread. One that went away is left out
 * with its keys; when it must exist, a file that cannot be read throws.
 */
export const readKeyFiles = async (
  paths: readonly string[],
  known: ReadonlyMap<string, FileState>,
  mustExist: boolean,
  thread: SideThread,
  maxBytesHere: number,
): Promise<ReadonlyMap<string, FileState>> => {
  const met: MetFile[] = []
  for (const path of paths) {
    const file = await meet(path)
    if (file) met.push(file)
  }
  const changed = met.filter(({ path, signature, failure }) => !failure && known.get(path)?.signature !== signature)
  const packed = await packFiles(changed, known, thread, maxBytesHere)
  const next = new Map<string, FileState>()
  for (const file of met) {
    const { path } = file
    const content = file.failure ?? packed.get(path)
    if (content?.kind === 'unreadable') {
      if (mustExist) throw new Error(content.message)
      // A file that went away between the listing and the reading took its keys with it.
      if (content.code === 'ENOENT') continue
    }
    const before = known.get(path)
    const state = content ? toState(file, content, before) : before
    if (state) next.set(path, state)
  }
  return next
}

const meet = async (path: string): Promise<MetFile | undefined> => {
  try {
    const stats = await stat(path, { bigint: true })
    if (!stats.isFile()) return undefined
    const signature = [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join()
    return { path, signature, bytes: Number(stats.size) }
  } catch (error) {
    return { path, signature: '', bytes: 0, failure: toUnreadable(error) }
  }
}

const packFiles = async (
  files: readonly MetFile[],
  known: ReadonlyMap<string, FileState>,
  thread: SideThread,
  maxBytesHere: number,
): Promise<ReadonlyMap<string, PackedFile>> => {
  const packed = new Map<string, PackedFile>()
  if (files.reduce((sum, { bytes }) => sum + bytes, 0) > maxBytesHere) {
    const apart = files.map(({ path }) => ({ path, before: known.get(path)?.group.packed ?? [] }))
    const results = await packApart(apart, thread)
    for (const [position, { path }] of apart.entries()) {
      const result = results[position]
      if (result) packed.set(path, result)
    }
  } else for (const { path } of files) packed.set(path, await packHere(path))
  return packed
}

/** Where the thread fails, one file is to blame that is too large to be held: the others are read without it. */
const packApart = async (files: readonly FileBefore[], thread: SideThread): Promise<readonly PackedFile[]> => {
  try {
    return await thread.run({ kind: 'pack', files })
  } catch (error) {
    if (thread.isClosed()) throw error
    const message = error instanceof Error ? error.message : String(error)
    if (files.length === 1) return [{ kind: 'unreadable', code: undefined, message }]
    const each: PackedFile[] = []
    for (const file of files) each.push(...(await packApart([file], thread)))
    return each
  }
}

const packHere = async (path: string): Promise<PackedFile> => {
  let content: Buffer
  try {
    content = await readFile(path)
  } catch (error) {
    return toUnreadable(error)
  }
  return packContent(path, content)
}

const toState = ({ path, signature }: MetFile, content: PackedFile, before: FileState | undefined): FileState => {
  if (content.kind === 'packed') return { signature, group: { origin: path, packed: content.packed }, problems: [] }
  const group = before?.group ?? { origin: path, packed: [] }
  if (content.kind === 'refused') return { signature, group, problems: content.problems }
  const problem = `${path}: cannot be read: ${content.message}`
  // With this signature it is tried again each time, and told once.
  return before?.signature === problem ? before : { signature: problem, group, problems: [problem] }
}
