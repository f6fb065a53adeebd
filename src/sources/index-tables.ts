import { sortEnds } from './expiring-keys.ts'
import { createNumberTable, fillSlot, findSlot, type NumberTable, readSlot } from './number-table.ts'
import type { PackedKeys } from './packed-keys.ts'
import { capProblems } from './problem-cap.ts'
import { hashDigest, hashId, openRecords } from './record-list.ts'

/** Keys of one group, or a part of them. */
export interface PackedPiece {
  readonly origin: string
  readonly isWithheld: boolean
  readonly keys: PackedKeys
}

/** All that finds a key, as it goes from thread to thread. Records are numbered through, in the order of the pieces. */
export interface IndexTables {
  readonly pieces: readonly PackedPiece[]
  readonly byDigest: NumberTable
  /** For each id a record that has it, of the origin that owns it. */
  readonly byId: NumberTable
  /** How many secrets find a record. */
  readonly size: number
  /** Records whose keys expire, nearest first. */
  readonly ends: Uint32Array
  /** Records that were left out, in words. */
  readonly problems: readonly string[]
}

/** What of the tables before is asked: who had an id. */
export type IndexBefore = Pick<IndexTables, 'pieces' | 'byId'>

/**
 * Adds pieces up in their order. An id belongs to the origin that had it before, else to the first: a second record of
 * that id is refused and takes nothing from the first. Of one secret under two ids the first record answers.
 */
export const buildTables = (pieces: readonly PackedPiece[], before: IndexBefore): IndexTables => {
  const list = openRecords(pieces.map(({ keys }) => keys))
  const byDigest = createNumberTable(list.length)
  const byId = createNumberTable(list.length)
  const beforeList = openRecords(before.pieces.map(({ keys }) => keys))

  const toOriginBefore = (bytes: Uint8Array, start: number, end: number): string | undefined => {
    const isSame = (number: number) => beforeList.hasId(number, bytes, start, end)
    const number = readSlot(before.byId, findSlot(before.byId, hashId(bytes, start, end), isSame))
    return number === undefined ? undefined : before.pieces[beforeList.locate(number).piece]?.origin
  }
  /** The record that stands for an id; `number` is put there if none does. */
  const claimId = (number: number, bytes: Uint8Array, start: number, end: number): number => {
    const slot = findSlot(byId, hashId(bytes, start, end), (other) => list.hasId(other, bytes, start, end))
    const known = readSlot(byId, slot)
    if (known === undefined) fillSlot(byId, slot, number)
    return known ?? number
  }

  if (beforeList.length > 0) {
    let number = 0
    for (const [piece, { bytes, length, idStart, idEnd }] of list.readers.entries()) {
      for (let position = 0; position < length; position += 1, number += 1) {
        const start = idStart(position)
        const end = idEnd(position)
        if (toOriginBefore(bytes, start, end) === pieces[piece]?.origin) claimId(number, bytes, start, end)
      }
    }
  }

  const problems = capProblems()
  /** By the record that stands for an id: when its last secret ends, zero where there is none; and which that is. */
  const ends = new Float64Array(list.length)
  const lasts = new Uint32Array(list.length)
  let size = 0
  let number = 0
  for (const [piece, reader] of list.readers.entries()) {
    const { origin, isWithheld = false } = pieces[piece] ?? { origin: '' }
    const { bytes, length, digestWords } = reader
    for (let position = 0; position < length; position += 1, number += 1) {
      const holder = claimId(number, bytes, reader.idStart(position), reader.idEnd(position))
      const owner = pieces[list.locate(holder).piece]?.origin
      if (owner !== origin) {
        problems.add(() => `${origin}: the key id ${reader.readId(position)} is refused: it stands in ${owner} already`)
        continue
      }
      if (isWithheld) continue
      const at = 8 * position
      const slot = findSlot(byDigest, hashDigest(digestWords, at), (other) => list.hasDigest(other, digestWords, at))
      if (readSlot(byDigest, slot) !== undefined) continue
      fillSlot(byDigest, slot, number)
      size += 1
      const expires = reader.readExpires(position)
      if (reader.isDisabled(position) || expires <= (ends[holder] ?? 0)) continue
      ends[holder] = expires
      lasts[holder] = number
    }
  }
  return { pieces, byDigest, byId, size, ends: sortEnds(ends, lasts), problems: problems.list() }
}
