import { appendNumbers, createGrowingBytes } from './growing-bytes.ts'
import { toRecords } from './key-entry.ts'
import { readKeyLines, toLineProblem } from './key-lines.ts'
import { createNumberTable, fillSlot, findSlot, type NumberTable, readSlot } from './number-table.ts'
import type { PackedKeys } from './packed-keys.ts'
import { createPacker } from './packer.ts'
import { capProblems } from './problem-cap.ts'
import { hashDigest, hashId, openRecords } from './record-list.ts'

/** Packed keys, or all that is wrong with the content of their file. */
export type PackedContent =
  | { readonly kind: 'packed'; readonly packed: readonly PackedKeys[] }
  | { readonly kind: 'refused'; readonly problems: readonly string[] }

/** Packs a key set of lines as it reads it: the memory that it takes is that of the keys that were not there `before`. */
export const packKeyLines = (
  path: string,
  pieces: Iterable<Uint8Array>,
  before: readonly PackedKeys[] = [],
): PackedContent => {
  const packer = createPacker(before)
  /** Which line each record stands in. */
  const lines = createGrowingBytes()
  const addLine = appendNumbers(lines, new Uint32Array(1))
  const problems = readKeyLines(path, pieces, (entry, line) => {
    for (const record of toRecords(entry)) {
      packer.add(record)
      addLine(line)
    }
  })
  if (problems.length > 0) return { kind: 'refused', problems }
  const packed = packer.pack()
  const twins = findTwins(path, packed, new Uint32Array(lines.view().buffer, 0, lines.length() / 4))
  return twins.length > 0 ? { kind: 'refused', problems: twins } : { kind: 'packed', packed }
}

/** Ids and secrets that stand twice. */
const findTwins = (path: string, packed: readonly PackedKeys[], lines: Uint32Array): readonly string[] => {
  const list = openRecords(packed)
  const problems = capProblems()
  const ids = createNumberTable(list.length)
  const digests = createNumberTable(list.length)
  const claim = (table: NumberTable, slot: number, number: number, what: string): void => {
    const twin = readSlot(table, slot)
    const line = lines[number] ?? 0
    if (twin === undefined) fillSlot(table, slot, number)
    else
      problems.add(() => toLineProblem(path, { line, message: `it has the ${what} of the key in line ${lines[twin]}` }))
  }
  let number = 0
  for (const { length, bytes, digestWords, idStart, idEnd } of list.readers) {
    for (let position = 0; position < length; position += 1, number += 1) {
      const start = idStart(position)
      const end = idEnd(position)
      const at = 8 * position
      // The secrets of one key follow each other.
      if (number === 0 || lines[number] !== lines[number - 1]) {
        const isSame = (other: number) => list.hasId(other, bytes, start, end)
        claim(ids, findSlot(ids, hashId(bytes, start, end), isSame), number, 'id')
      }
      const isSame = (other: number) => list.hasDigest(other, digestWords, at)
      claim(digests, findSlot(digests, hashDigest(digestWords, at), isSame), number, 'secret')
    }
  }
  return problems.list()
}
