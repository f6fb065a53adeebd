import { memoizeRecent, memoizeWeak } from '../core/memoize.ts'
import type { ExpiringKey } from '../ops/expiring-key.ts'
import { toExpiringKeys } from './expiring-keys.ts'
import { buildTables, type IndexTables, type PackedPiece } from './index-tables.ts'
import type { KeyRecord } from './key-record.ts'
import type { KeyGroup, PackedGroup } from './key-source.ts'
import { findSlot, readSlot } from './number-table.ts'
import { packRecords } from './packer.ts'
import { hashDigest, hashId, openRecords } from './record-list.ts'

/** All keys of all sources, found by digest. */
export interface KeyIndex {
  /** A record that was found stays one object while it is asked for. */
  readonly byDigest: Pick<ReadonlyMap<string, KeyRecord>, 'get' | 'size'>
  /** Which origin has an id. */
  readonly owners: Pick<ReadonlyMap<string, string>, 'get'>
  /** Those that expire next. `now` is in milliseconds since the epoch. */
  readonly expiring: (now: number) => readonly ExpiringKey[]
  /** Records that were left out, in words. */
  readonly problems: readonly string[]
  readonly tables: IndexTables
  /** Never read: see below. */
  readonly weight: ArrayBuffer
}

/** Opens tables for use: it takes no longer for many keys. */
export const openIndex = (tables: IndexTables): KeyIndex => {
  const { pieces, byDigest, byId, size, ends, problems } = tables
  const list = openRecords(pieces.map(({ keys }) => keys))
  const words = new Uint32Array(8)
  const wordBytes = Buffer.from(words.buffer)

  const find = memoizeRecent((digest: string): KeyRecord | undefined => {
    if (wordBytes.write(digest, 'hex') !== wordBytes.length) return undefined
    const slot = findSlot(byDigest, hashDigest(words, 0), (number) => list.hasDigest(number, words, 0))
    const number = readSlot(byDigest, slot)
    if (number === undefined) return undefined
    const { reader, position } = list.locate(number)
    return reader.unpack(position)
  })
  const findOwner = (id: string): string | undefined => {
    const bytes = Buffer.from(id)
    const slot = findSlot(byId, hashId(bytes, 0, bytes.length), (number) => list.hasId(number, bytes, 0, bytes.length))
    const number = readSlot(byId, slot)
    return number === undefined ? undefined : pieces[list.locate(number).piece]?.origin
  }
  const readEnd = (number: number): ExpiringKey => {
    const { reader, position } = list.locate(number)
    return { id: reader.readId(position), expires: reader.readExpires(position) }
  }
  return {
    byDigest: { get: find, size },
    owners: { get: findOwner },
    expiring: (now) => toExpiringKeys(ends, readEnd, now),
    problems,
    tables,
    // The collector does not see how large shared memory is, and would let indexes that were swapped pile up. It counts
    // this, of which nothing is ever touched: the system lends no memory for it.
    weight: new ArrayBuffer(toBytes(tables)),
  }
}

const toBytes = ({ pieces, byDigest, byId }: IndexTables): number =>
  pieces.reduce((sum, { keys }) => sum + keys.memory.byteLength, byDigest.byteLength + byId.byteLength)

const packOnce = memoizeWeak((records: readonly KeyRecord[]) => packRecords(records))

/** Groups piece by piece, as they go from thread to thread. */
export const toPieces = (groups: readonly (KeyGroup | PackedGroup)[]): readonly PackedPiece[] =>
  groups.flatMap((group) => {
    const { origin, isWithheld = false } = group
    const packed = 'packed' in group ? group.packed : packOnce(group.records)
    return packed.map((keys) => ({ origin, isWithheld, keys }))
  })

export const EMPTY_INDEX: KeyIndex = openIndex(
  buildTables([], { pieces: [], byId: new Uint32Array(new SharedArrayBuffer(8)) }),
)

/** The index of some groups, made at once: for many keys it takes long. */
export const toKeyIndex = (groups: readonly (KeyGroup | PackedGroup)[], before: KeyIndex): KeyIndex =>
  openIndex(buildTables(toPieces(groups), before.tables))
