import { readFileSync, statSync } from 'node:fs'
import { parseDocument } from '../config/document.ts'
import { type KeyEntry, keySetSchema } from '../sources/key-entry.ts'
import { isKeySetName, parseKeyFile } from '../sources/key-file.ts'
import { isKeyLinesName, toKeyEntries } from '../sources/key-lines.ts'

/** A key file as it is now: a key set, a plain secret, or one with something wrong, which holds no entries. */
export interface HeldFile {
  readonly path: string
  readonly kind: 'key_set' | 'plain' | 'broken'
  readonly content: Buffer
  readonly entries: readonly KeyEntry[]
  readonly problems: readonly string[]
}

/** Reads a key file by the rules of the gate. Undefined when there is no file of that name. */
export const readHeldFile = (path: string, known?: HeldFile): HeldFile | undefined => {
  let content: Buffer
  try {
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined
    content = readFileSync(path)
  } catch (error) {
    const problem = `${path}: cannot be read: ${error instanceof Error ? error.message : error}`
    return { path, kind: 'broken', content: Buffer.alloc(0), entries: [], problems: [problem] }
  }
  // To read a large file takes seconds: one that has not changed is not read twice.
  return known?.path === path && known.content.equals(content) ? known : parseHeldFile(path, content)
}

const parseHeldFile = (path: string, content: Buffer): HeldFile => {
  if (isKeySetName(path) && !isKeyLinesName(path)) {
    const keySet = parseDocument(content.toString(), keySetSchema)
    if (keySet.kind === 'parsed' && isUnique(keySet.value.keys)) {
      return { path, kind: 'key_set', content, entries: keySet.value.keys, problems: [] }
    }
  }
  const parsed = parseKeyFile(path, content)
  if (parsed.kind === 'refused') return { path, kind: 'broken', content, entries: [], problems: parsed.problems }
  if (isKeyLinesName(path))
    return { path, kind: 'key_set', content, entries: toKeyEntries(path, content), problems: [] }
  const entries = parsed.records.map(({ id, digest }) => ({ id, digest: `sha256:${digest}` }))
  return { path, kind: 'plain', content, entries, problems: [] }
}

/** True when no id and no secret stands twice; else the gate refuses the file. */
const isUnique = (keys: readonly KeyEntry[]): boolean => {
  const digests = keys.flatMap(({ digest, previous = [] }) => [digest, ...previous.map((old) => old.digest)])
  return new Set(digests).size === digests.length && new Set(keys.map(({ id }) => id)).size === keys.length
}
