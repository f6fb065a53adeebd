import { openPacked, type PackedKeys, type PackedReader } from './packed-keys.ts'

/** Where a record is: in which piece, and where in it. */
export interface RecordPlace {
  readonly piece: number
  readonly reader: PackedReader
  readonly position: number
}

/** The records of several pieces, numbered through. */
export interface RecordList {
  readonly length: number
  readonly readers: readonly PackedReader[]
  readonly locate: (number: number) => RecordPlace
  readonly hasId: (number: number, bytes: Uint8Array, start: number, end: number) => boolean
  /** `words` are a digest, from `at` on. */
  readonly hasDigest: (number: number, words: Uint32Array, at: number) => boolean
}

const DIGEST_WORDS = 8

export const openRecords = (pieces: readonly PackedKeys[]): RecordList => {
  const readers = pieces.map(openPacked)
  const ends: number[] = []
  for (const { length } of readers) ends.push((ends.at(-1) ?? 0) + length)

  const toPiece = (number: number): number => {
    let low = 0
    let high = ends.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] ?? 0) > number) high = middle
      else low = middle + 1
    }
    return low
  }
  const locate = (number: number): RecordPlace => {
    const piece = toPiece(number)
    const reader = readers[piece]
    if (!reader) throw new Error(`there is no record ${number}`)
    return { piece, reader, position: number - (ends[piece - 1] ?? 0) }
  }
  return {
    length: ends.at(-1) ?? 0,
    readers,
    locate,
    hasId: (number, bytes, start, end) => {
      const { reader, position } = locate(number)
      const ownStart = reader.idStart(position)
      if (reader.idEnd(position) - ownStart !== end - start) return false
      for (let offset = 0; offset < end - start; offset += 1) {
        if (reader.bytes[ownStart + offset] !== bytes[start + offset]) return false
      }
      return true
    },
    hasDigest: (number, words, at) => {
      const { reader, position } = locate(number)
      for (let offset = 0; offset < DIGEST_WORDS; offset += 1) {
        if (reader.digestWords[position * DIGEST_WORDS + offset] !== words[at + offset]) return false
      }
      return true
    },
  }
}

/** Any word of a SHA-256 is as good as a hash of it. */
export const hashDigest = (words: Uint32Array, at: number): number => words[at] ?? 0

/** FNV-1a, of 32 bits. */
export const hashId = (bytes: Uint8Array, start: number, end: number): number => {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}
