import { createGrowingBytes } from './growing-bytes.ts'
import type { KeyRecord } from './key-record.ts'
import { allocateShared } from './shared-memory.ts'

/**
 * Records in memory that threads share: some 50 bytes for a key that has an id alone. In this order: all digests, where
 * each id ends, where the further fields of each end, the ids, and the further fields as JSON.
 */
export interface PackedKeys {
  readonly length: number
  readonly memory: SharedArrayBuffer
}

/** Takes records one by one and packs them. */
export interface Packer {
  readonly add: (record: KeyRecord) => void
  /** Ends the packer. Many records come in several pieces, so that none has to grow large. */
  readonly pack: () => readonly PackedKeys[]
}

const DIGEST_BYTES = 32
const WORD_BYTES = 4
const HEAD_BYTES = DIGEST_BYTES + 2 * WORD_BYTES
const MAX_PIECE = 32_768

export const createPacker = (): Packer => {
  const pieces: PackedKeys[] = []
  let current = createPiece()
  return {
    add: (record) => {
      if (current.length() === MAX_PIECE) {
        pieces.push(current.pack())
        current = createPiece()
      }
      current.add(record)
    },
    pack: () => (current.length() > 0 ? [...pieces, current.pack()] : pieces),
  }
}

const createPiece = () => {
  const digests = createGrowingBytes()
  const idEnds = createGrowingBytes()
  const fieldEnds = createGrowingBytes()
  const ids = createGrowingBytes()
  const fields = createGrowingBytes()
  const parts = [digests, idEnds, fieldEnds, ids, fields]
  let length = 0
  return {
    length: () => length,
    add: (record: KeyRecord): void => {
      digests.appendHex(record.digest, DIGEST_BYTES)
      ids.appendText(record.id)
      idEnds.appendNumber(ids.length())
      fields.appendText(toFieldsText(record))
      fieldEnds.appendNumber(fields.length())
      length += 1
    },
    pack: (): PackedKeys => {
      const memory = allocateShared(parts.reduce((sum, part) => sum + part.length(), 0))
      const target = new Uint8Array(memory)
      let offset = 0
      for (const part of parts) {
        const size = part.length()
        part.moveTo(target, offset)
        offset += size
      }
      return { length, memory }
    },
  }
}

/** Packs a list at once. */
export const packRecords = (records: Iterable<KeyRecord>): readonly PackedKeys[] => {
  const packer = createPacker()
  for (const record of records) packer.add(record)
  return packer.pack()
}

export const unpackRecords = (pieces: readonly PackedKeys[]): readonly KeyRecord[] =>
  pieces.map(openPacked).flatMap(({ length, unpack }) => Array.from({ length }, (_, position) => unpack(position)))

/** Fields beyond id and digest, in milliseconds since the epoch where they are times. */
export type KeyFields = Omit<KeyRecord, 'id' | 'digest'>

/** Packed records, opened for reading in this thread. */
export interface PackedReader {
  readonly length: number
  /** The digests, eight words each. */
  readonly digestWords: Uint32Array
  readonly bytes: Uint8Array
  /** Where the id of a record starts and ends in `bytes`. */
  readonly idStart: (position: number) => number
  readonly idEnd: (position: number) => number
  readonly readId: (position: number) => string
  readonly readFields: (position: number) => KeyFields
  readonly unpack: (position: number) => KeyRecord
}

export const openPacked = ({ length, memory }: PackedKeys): PackedReader => {
  const bytes = Buffer.from(memory, 0, memory.byteLength)
  const idEnds = new Uint32Array(memory, length * DIGEST_BYTES, length)
  const fieldEnds = new Uint32Array(memory, length * (DIGEST_BYTES + WORD_BYTES), length)
  const idsAt = length * HEAD_BYTES
  const fieldsAt = idsAt + (idEnds[length - 1] ?? 0)
  const idStart = (position: number): number => idsAt + (idEnds[position - 1] ?? 0)
  const idEnd = (position: number): number => idsAt + (idEnds[position] ?? 0)
  const readId = (position: number): string => bytes.toString('utf8', idStart(position), idEnd(position))
  const readFields = (position: number): KeyFields => {
    const start = fieldEnds[position - 1] ?? 0
    const end = fieldEnds[position] ?? 0
    return end === start ? NO_FIELDS : parseFields(bytes.toString('utf8', fieldsAt + start, fieldsAt + end))
  }
  return {
    length,
    digestWords: new Uint32Array(memory, 0, length * (DIGEST_BYTES / WORD_BYTES)),
    bytes,
    idStart,
    idEnd,
    readId,
    readFields,
    unpack: (position) => ({
      id: readId(position),
      digest: bytes.toString('hex', position * DIGEST_BYTES, (position + 1) * DIGEST_BYTES),
      ...readFields(position),
    }),
  }
}

const NO_FIELDS: KeyFields = { scopes: [], disabled: false }

/** Nothing for a key without further fields. */
const toFieldsText = ({ id: _, digest: __, scopes, disabled, claims, ...others }: KeyRecord): string => {
  const fields = {
    ...others,
    ...(scopes.length > 0 && { scopes }),
    ...(disabled && { disabled }),
    // As pairs: a claim may have any name.
    ...(claims && { claims: [...claims] }),
  }
  return Object.keys(fields).length > 0 ? JSON.stringify(fields) : ''
}

const parseFields = (text: string): KeyFields => {
  const { claims, ...others } = JSON.parse(text)
  return { ...NO_FIELDS, ...others, ...(claims && { claims: new Map(claims) }) }
}
