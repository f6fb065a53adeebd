import type { KeyRecord } from './key-record.ts'

/**
 * Records in memory that threads share: some 50 bytes for a key that has an id alone, 10 more where keys expire. What
 * many keys have alike, such as their scopes, stands once.
 */
export interface PackedKeys {
  readonly length: number
  /** How many different sets of further fields there are. */
  readonly sets: number
  /** False when none of them expires: then nothing is kept of it. */
  readonly isExpiring: boolean
  readonly memory: SharedArrayBuffer
}

/**
 * The parts in their order: the digests; when each expires; where each id ends; where each set of further fields ends;
 * which set each has, with a bit for those that are disabled; the ids; the sets, as JSON.
 */
export const toParts = ({ length, sets, isExpiring }: Omit<PackedKeys, 'memory'>) => {
  const expires = DIGEST_BYTES * length
  const idEnds = expires + (isExpiring ? 8 * length : 0)
  const setEnds = idEnds + 4 * length
  const marks = setEnds + 4 * sets
  return { expires, idEnds, setEnds, marks, ids: marks + 2 * length }
}

export const DIGEST_BYTES = 32
/** Where in a mark it says that the key is disabled. The rest is the number of its set: zero where it has none. */
export const DISABLED = 0x8000
/** As many as have a number of their own beside it. */
export const MAX_PIECE = DISABLED - 1

/** What is kept as JSON. */
export type FieldSet = Pick<KeyRecord, 'notBefore' | 'hosts' | 'claims'> & Partial<Pick<KeyRecord, 'scopes'>>

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
  readonly isDisabled: (position: number) => boolean
  /** In milliseconds since the epoch; infinite for a key without an end. */
  readonly readExpires: (position: number) => number
  readonly unpack: (position: number) => KeyRecord
}

/** So many sets of a piece are kept as objects; where there are more, they are made anew each time. */
const MAX_SETS = 256

export const openPacked = (packed: PackedKeys): PackedReader => {
  const { length, sets, isExpiring, memory } = packed
  const parts = toParts(packed)
  const bytes = Buffer.from(memory, 0, memory.byteLength)
  const expires = new Float64Array(memory, parts.expires, isExpiring ? length : 0)
  const idEnds = new Uint32Array(memory, parts.idEnds, length)
  const setEnds = new Uint32Array(memory, parts.setEnds, sets)
  const marks = new Uint16Array(memory, parts.marks, length)
  const setsAt = parts.ids + (idEnds[length - 1] ?? 0)
  const made: FieldSet[] = []

  const idStart = (position: number): number => parts.ids + (idEnds[position - 1] ?? 0)
  const idEnd = (position: number): number => parts.ids + (idEnds[position] ?? 0)
  const readId = (position: number): string => bytes.toString('utf8', idStart(position), idEnd(position))
  const isDisabled = (position: number): boolean => ((marks[position] ?? 0) & DISABLED) !== 0
  const readExpires = (position: number): number => expires[position] ?? Number.POSITIVE_INFINITY
  const readSet = (number: number): FieldSet => {
    const known = made[number]
    if (known) return known
    const set = parseSet(
      bytes.toString('utf8', setsAt + (setEnds[number - 2] ?? 0), setsAt + (setEnds[number - 1] ?? 0)),
    )
    if (sets <= MAX_SETS) made[number] = set
    return set
  }
  return {
    length,
    digestWords: new Uint32Array(memory, 0, length * (DIGEST_BYTES / 4)),
    bytes,
    idStart,
    idEnd,
    readId,
    isDisabled,
    readExpires,
    unpack: (position) => {
      const id = readId(position)
      const digest = bytes.toString('hex', position * DIGEST_BYTES, (position + 1) * DIGEST_BYTES)
      const disabled = isDisabled(position)
      const end = readExpires(position)
      const set = (marks[position] ?? 0) & ~DISABLED
      if (set === 0 && end === Number.POSITIVE_INFINITY) return { id, digest, scopes: NO_SCOPES, disabled }
      return {
        id,
        digest,
        scopes: NO_SCOPES,
        disabled,
        ...(end < Number.POSITIVE_INFINITY && { expires: end }),
        ...(set > 0 && readSet(set)),
      }
    },
  }
}

export const unpackRecords = (pieces: readonly PackedKeys[]): readonly KeyRecord[] =>
  pieces.map(openPacked).flatMap(({ length, unpack }) => Array.from({ length }, (_, position) => unpack(position)))

const NO_SCOPES: readonly string[] = []

/** Nothing for a key without further fields. */
export const toSetText = ({ scopes, claims, notBefore, hosts }: KeyRecord): string => {
  const set = {
    ...(scopes.length > 0 && { scopes }),
    ...(notBefore !== undefined && { notBefore }),
    ...(hosts && { hosts }),
    // As pairs: a claim may have any name.
    ...(claims && { claims: [...claims] }),
  }
  return Object.keys(set).length > 0 ? JSON.stringify(set) : ''
}

const parseSet = (text: string): FieldSet => {
  const { claims, ...others } = JSON.parse(text)
  return { ...others, ...(claims && { claims: new Map(claims) }) }
}
