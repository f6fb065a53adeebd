import { basename, extname } from 'node:path'
import { parseDocument, toProblemText } from '../config/document.ts'
import { parseSecret } from '../key/secret.ts'
import { isKeyId, keySetSchema, toRecords } from './key-entry.ts'
import { isKeyLinesName } from './key-lines.ts'
import type { KeyRecord } from './key-record.ts'
import { packKeyLines } from './pack-key-lines.ts'
import { unpackRecords } from './packed-keys.ts'

/** The keys of one file, or all that is wrong with it. No problem holds a part of a secret. */
export type ParsedKeyFile =
  | { readonly kind: 'parsed'; readonly records: readonly KeyRecord[] }
  | { readonly kind: 'refused'; readonly problems: readonly string[] }

const KEY_SET = new Set(['.yaml', '.yml', '.json', '.jsonl'])

/** True for a name by which a file is read as a key set. */
export const isKeySetName = (name: string): boolean => KEY_SET.has(extname(name))

/** Reads a key set (`.yaml`, `.yml`, `.json`, `.jsonl`), or a plain secret, whose id is the name of its file. */
export const parseKeyFile = (path: string, content: Uint8Array): ParsedKeyFile =>
  isKeyLinesName(path)
    ? parseLines(path, content)
    : isKeySetName(path)
      ? parseKeySet(path, content)
      : parsePlain(path, content)

const parseLines = (path: string, content: Uint8Array): ParsedKeyFile => {
  const lines = packKeyLines(path, [content])
  return lines.kind === 'refused' ? lines : { kind: 'parsed', records: unpackRecords(lines.packed) }
}

const BACKUP = /(?:~|\.(?:bak|orig|old|tmp|swp))$/

const parsePlain = (path: string, content: Uint8Array): ParsedKeyFile => {
  const id = basename(path)
  if (!isKeyId(id)) return { kind: 'refused', problems: [`${path}: its name can be no key id: use visible ASCII`] }
  // What an editor left behind would go on as a key when the file itself was changed.
  if (BACKUP.test(id)) return { kind: 'refused', problems: [`${path}: its name is that of a backup: remove it`] }
  const secret = parseSecret(content)
  if (secret.kind === 'refused') return { kind: 'refused', problems: [`${path}: ${secret.reason}`] }
  return { kind: 'parsed', records: [{ id, digest: secret.digest, scopes: [], disabled: false }] }
}

const parseKeySet = (path: string, content: Uint8Array): ParsedKeyFile => {
  const parsed = parseDocument(Buffer.from(content).toString(), keySetSchema, {}, true)
  if (parsed.kind === 'refused') {
    return { kind: 'refused', problems: parsed.problems.map((problem) => toProblemText(path, problem)) }
  }
  const problems: string[] = []
  const ids = new Set<string>()
  const digests = new Set<string>()
  const claim = (known: Set<string>, text: string, at: readonly PropertyKey[], what: string): void => {
    if (known.has(text))
      problems.push(toProblemText(path, parsed.toProblem(['keys', ...at], `is the ${what} of a key above`)))
    known.add(text)
  }
  for (const [index, { id, digest, previous = [] }] of parsed.value.keys.entries()) {
    claim(ids, id, [index, 'id'], 'id')
    claim(digests, digest, [index, 'digest'], 'secret')
    for (const [position, old] of previous.entries()) {
      claim(digests, old.digest, [index, 'previous', position, 'digest'], 'secret')
    }
  }
  return problems.length > 0
    ? { kind: 'refused', problems }
    : { kind: 'parsed', records: parsed.value.keys.flatMap(toRecords) }
}
