import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { KeyEntry } from '../sources/key-entry.ts'
import { isKeySetName } from '../sources/key-file.ts'
import { isKeyLinesName } from '../sources/key-lines.ts'
import { editKeySet } from './edit-key-set.ts'
import { type HeldFile, readHeldFile } from './held-file.ts'
import type { Edit, HeldKey, KeyEditor } from './key-editor.ts'
import { lockFolder } from './lock-folder.ts'
import { renderKeySet } from './render-entry.ts'
import { replaceFile } from './replace-file.ts'

/** What becomes of the entries of a file: the new content, or why there is none. */
type Rewrite = { readonly kind: 'content'; readonly content: string | undefined } | ReturnType<typeof refused>

/**
 * Edits a key set file, or the files of a directory; in one, new keys go to `fileName`, else to a file named after
 * their id. One edit at a time for each folder; one that would undo somebody else's is refused.
 */
export const createFileEditor = (
  { directory, file }: { readonly directory?: string | undefined; readonly file?: string | undefined },
  fileName?: string,
): KeyEditor => {
  const name = directory ?? file ?? ''
  const folder = directory ?? dirname(name)

  const readAll = (known?: HeldFile): readonly HeldFile[] => {
    const names = directory === undefined ? [basename(name)] : readdirSync(folder).sort()
    return names.flatMap((entry) =>
      entry.startsWith('.') && directory ? [] : (readHeldFile(join(folder, entry), known) ?? []),
    )
  }
  const find = (id: string, known?: HeldFile): HeldFile | undefined =>
    readAll(known).find(({ entries }) => entries.some((entry) => entry.id === id))

  const add = async (entry: KeyEntry): Promise<Edit> => {
    const target = directory === undefined ? basename(name) : (fileName ?? `${entry.id}.yaml`)
    if (directory === undefined && fileName !== undefined) return refused(NO_DIRECTORY)
    if (directory !== undefined && !PLAIN_NAME.test(target)) return refused(`${target} ${ODD_NAME}`)
    if (isKeyLinesName(target)) return refused(`${target} ${LINES}`)
    if (!isKeySetName(target)) return refused(`${target}: a key set file ends in .yaml, .yml or .json`)
    return edit(join(folder, target), (held) => {
      const twin = find(entry.id, held)
      if (twin) return refused(`${twin.path} has a key ${entry.id} already`)
      if (!held) return { kind: 'content', content: renderKeySet(entry, target.endsWith('.json')) }
      return rewrite(held, held.entries.length, entry)
    })
  }

  const editKey = async (id: string, toContent: (held: HeldFile, index: number) => Rewrite): Promise<Edit> => {
    const found = find(id)
    if (!found) {
      return refused([`${name} has no key ${id}`, ...readAll().flatMap(({ problems }) => problems)].join('\n'))
    }
    const { path } = found
    const toRewrite = (held: HeldFile | undefined): Rewrite => {
      const index = held?.entries.findIndex((entry) => entry.id === id) ?? -1
      return held && index >= 0 ? toContent(held, index) : refused(`${path}: ${OVERTAKEN}`)
    }
    return edit(path, toRewrite, found)
  }

  return {
    name,
    list: async () =>
      readAll().flatMap(({ path, entries }) => entries.map((entry): HeldKey => ({ entry, origin: path }))),
    problems: async () => readAll().flatMap(({ problems }) => problems),
    add: (entry) => guard(name, () => add(entry)),
    change: (id, toEntry) =>
      guard(name, () =>
        editKey(id, (held, index) => {
          const entry = held.entries[index]
          return held.kind === 'plain' || !entry ? refused(toPlainText(held)) : rewrite(held, index, toEntry(entry))
        }),
      ),
    remove: (id) =>
      guard(name, () =>
        editKey(id, (held, index) =>
          held.kind === 'plain' ? { kind: 'content', content: undefined } : rewrite(held, index, undefined),
        ),
      ),
    close: async () => {},
  }
}

/** What the file system refuses is an outcome, too. */
const guard = async (name: string, work: () => Promise<Edit>): Promise<Edit> => {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    return refused(`${name}: ${error.message}`)
  }
}

/** Reads a file under the lock of its folder, and writes what `toContent` makes of it. */
const edit = async (
  path: string,
  toContent: (held: HeldFile | undefined) => Rewrite,
  known?: HeldFile,
): Promise<Edit> => {
  // A link stays a link: what it leads to is edited.
  const target = existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path))
  if (isMounted(path) || isMounted(target)) return refused(`${path}: ${MOUNTED}`)
  const locked = await lockFolder(dirname(target))
  if (locked.kind === 'refused') return locked
  const { isHeld, release } = locked.lock
  try {
    const held = readHeldFile(target, known)
    if (held?.kind === 'broken')
      return refused([`${path} is not changed, for it is broken:`, ...held.problems].join('\n'))
    const next = toContent(held)
    if (next.kind === 'refused') return next
    const after = next.content === undefined ? undefined : Buffer.from(next.content)
    const isDone = replaceFile({ path: target, before: held?.content, after, isHeld })
    return isDone ? { kind: 'done', origin: path } : refused(`${path}: ${OVERTAKEN}`)
  } finally {
    release()
  }
}

const rewrite = ({ path, content, entries }: HeldFile, index: number, entry: KeyEntry | undefined): Rewrite => {
  if (isKeyLinesName(path)) return refused(`${path} ${LINES}`)
  const text = content.toString()
  const edited = Buffer.from(text).equals(content)
    ? editKeySet({ text, isJson: path.endsWith('.json'), entries }, index, entry)
    : undefined
  return edited === undefined ? refused(`${path}: ${UNUSUAL}`) : { kind: 'content', content: edited }
}

const refused = (reason: string) => ({ kind: 'refused', reason }) as const

/** A mounted Kubernetes Secret: its files are links into a folder of dots that is swapped as a whole. */
const isMounted = (path: string): boolean =>
  existsSync(join(dirname(path), '..data')) || basename(dirname(path)).startsWith('..')

const toPlainText = ({ path }: HeldFile): string =>
  `${path} is a plain secret: it has no place for more. Turn it into a key set first: ` +
  'an entry with its id and "digest: sha256:…", then remove the file'

const PLAIN_NAME = /^[A-Za-z0-9_@+][\w.@+-]*$/
const ODD_NAME = 'is no good file name: name one with --file, of letters, digits and . _ @ + -'
const NO_DIRECTORY = 'the source is one file: --file is for directories'
const MOUNTED =
  'it is a mounted Kubernetes Secret, which cannot be changed here: configure the source as kubernetes, or change the Secret'
const OVERTAKEN = 'another program changed it in this moment. Nothing was written: run the command again'
const LINES = 'has one key a line, as programs write them (.jsonl): change it with the program that made it'
const UNUSUAL =
  'it is written in a way that cannot be changed safely by a program (anchors, tags, or bytes that are no UTF-8): change it by hand'
