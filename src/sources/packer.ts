import { appendNumbers, createGrowingBytes } from './growing-bytes.ts'
import type { KeyRecord } from './key-record.ts'
import { DIGEST_BYTES, DISABLED, MAX_PIECE, type PackedKeys, toSetText } from './packed-keys.ts'
import { allocateShared } from './shared-memory.ts'

/** Takes records one by one and packs them. */
export interface Packer {
  readonly add: (record: KeyRecord) => void
  /** Ends the packer. Many records come in several pieces, so that none has to grow large. */
  readonly pack: () => readonly PackedKeys[]
}

/** A piece of that size has enough, in bytes of its ids and further fields. */
const MAX_PIECE_BYTES = 4_194_304
/**
 * A piece also ends with each digest that looks like this, one of 16,384: where keys come or go, the pieces behind them
 * stay what they were.
 */
const LAST_OF_PIECE = /^000[0-3]/

/** A piece that is one of those `before` byte by byte takes no memory of its own. */
export const createPacker = (before: readonly PackedKeys[] = []): Packer => {
  const known = new Map(before.map((keys) => [Buffer.from(keys.memory, 0, DIGEST_BYTES).toString('hex'), keys]))
  const piece = createPiece(known)
  const pieces: PackedKeys[] = []
  return {
    add: (record) => {
      piece.add(record)
      const isFull = piece.length() === MAX_PIECE || piece.textLength() >= MAX_PIECE_BYTES
      if (isFull || LAST_OF_PIECE.test(record.digest)) pieces.push(piece.take())
    },
    pack: () => {
      if (piece.length() > 0) pieces.push(piece.take())
      return pieces
    },
  }
}

/** Packs a list at once. */
export const packRecords = (
  records: Iterable<KeyRecord>,
  before: readonly PackedKeys[] = [],
): readonly PackedKeys[] => {
  const packer = createPacker(before)
  for (const record of records) packer.add(record)
  return packer.pack()
}

const createPiece = (known: ReadonlyMap<string, PackedKeys>) => {
  const digests = createGrowingBytes()
  const ends = createGrowingBytes()
  const idEnds = createGrowingBytes()
  const setEnds = createGrowingBytes()
  const marks = createGrowingBytes()
  const ids = createGrowingBytes()
  const sets = createGrowingBytes()
  const all = [digests, ends, idEnds, setEnds, marks, ids, sets]
  const addEnd = appendNumbers(ends, new Float64Array(1))
  const addIdEnd = appendNumbers(idEnds, new Uint32Array(1))
  const addSetEnd = appendNumbers(setEnds, new Uint32Array(1))
  const addMark = appendNumbers(marks, new Uint16Array(1))
  /** The number of each set, from 1 on. */
  const numbers = new Map<string, number>()
  let first: string | undefined
  let length = 0
  let isExpiring = false

  const toSetNumber = (text: string): number => {
    if (text === '') return 0
    const known = numbers.get(text)
    if (known !== undefined) return known
    sets.appendText(text)
    addSetEnd(sets.length())
    numbers.set(text, numbers.size + 1)
    return numbers.size
  }
  const pack = (): PackedKeys => {
    const head = { length, sets: numbers.size, isExpiring }
    const parts = all.filter((part) => isExpiring || part !== ends).map((part) => part.view())
    const size = parts.reduce((sum, part) => sum + part.length, 0)
    const same = known.get(first ?? '')
    const isAlike = same?.length === length && same.sets === head.sets && same.isExpiring === isExpiring
    if (isAlike && isSame(same.memory, parts, size)) return same
    const memory = allocateShared(size)
    const target = new Uint8Array(memory)
    let offset = 0
    for (const part of parts) {
      target.set(part, offset)
      offset += part.length
    }
    return { ...head, memory }
  }
  return {
    length: () => length,
    textLength: () => ids.length() + sets.length(),
    add: (record: KeyRecord): void => {
      const { id, digest, disabled, expires = Number.POSITIVE_INFINITY } = record
      first ??= digest
      digests.appendHex(digest, DIGEST_BYTES)
      ids.appendText(id)
      addIdEnd(ids.length())
      addEnd(expires)
      addMark(toSetNumber(toSetText(record)) + (disabled ? DISABLED : 0))
      isExpiring ||= expires < Number.POSITIVE_INFINITY
      length += 1
    },
    take: (): PackedKeys => {
      const packed = pack()
      for (const part of all) part.clear()
      numbers.clear()
      first = undefined
      length = 0
      isExpiring = false
      return packed
    },
  }
}

const isSame = (memory: SharedArrayBuffer, parts: readonly Buffer[], size: number): boolean => {
  if (memory.byteLength !== size) return false
  const bytes = Buffer.from(memory, 0, size)
  let offset = 0
  for (const part of parts) {
    if (!bytes.subarray(offset, offset + part.length).equals(part)) return false
    offset += part.length
  }
  return true
}
