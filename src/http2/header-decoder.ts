import { decodeHuffman } from './huffman.ts'
import { type Field, STATIC_TABLE } from './static-table.ts'

/**
 * Reads one header block after the other, telling of each field in turn. False when it is none (RFC 7541): from then on
 * nothing that this peer sends can be read.
 */
export type DecodeHeaders = (block: Buffer, onField: (field: Field) => void) => boolean

/** RFC 7541 §4.1: what an entry counts beside its text, in bytes. */
const ENTRY_BYTES = 32
/** RFC 9113 §6.5.2: SETTINGS_HEADER_TABLE_SIZE while we say nothing about it. */
const MAX_TABLE_BYTES = 4_096

/** Has a dynamic table of its own, as each connection must. Text is of one character for each byte. */
export const createHeaderDecoder = (): DecodeHeaders => {
  /** The newest is the last. */
  const table: Field[] = []
  let tableBytes = 0
  let maxBytes = MAX_TABLE_BYTES
  let block: Buffer
  let at = 0

  const evict = (): void => {
    while (tableBytes > maxBytes) {
      const oldest = table.shift()
      if (!oldest) return
      tableBytes -= sizeOf(oldest)
    }
  }
  const add = (field: Field): void => {
    table.push(field)
    tableBytes += sizeOf(field)
    evict()
  }
  /** RFC 7541 §5.1: a number whose first bits stand in the byte before `at`; undefined past 2²⁸, which nothing needs. */
  const readNumber = (first: number, bits: number): number | undefined => {
    const max = (1 << bits) - 1
    let number = first & max
    if (number < max) return number
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = block[at]
      if (byte === undefined) return undefined
      at += 1
      number += (byte & 127) << shift
      if (byte < 128) return number
    }
    return undefined
  }
  const readText = (): string | undefined => {
    const first = block[at]
    if (first === undefined) return undefined
    at += 1
    const length = readNumber(first, 7)
    if (length === undefined || at + length > block.length) return undefined
    const start = at
    at += length
    return first < 128 ? block.toString('latin1', start, at) : decodeHuffman(block, start, at)
  }
  const find = (index: number): Field | undefined =>
    index <= STATIC_TABLE.length ? STATIC_TABLE[index - 1] : table[table.length - (index - STATIC_TABLE.length)]
  /** RFC 7541 §6.2: the name is one that is known, or stands before the value. */
  const readLiteral = (first: number, bits: number): Field | undefined => {
    const index = readNumber(first, bits)
    if (index === undefined) return undefined
    const name = index === 0 ? readText() : find(index)?.name
    const value = name === undefined ? undefined : readText()
    return name === undefined || value === undefined ? undefined : { name, value }
  }

  return (next, onField) => {
    block = next
    at = 0
    let isFirst = true
    while (at < block.length) {
      const first = block[at] as number
      at += 1
      if ((first & 0xe0) === 0x20) {
        // RFC 7541 §4.2: at the beginning alone, and not past what we allow.
        const size = readNumber(first, 5)
        if (!isFirst || size === undefined || size > MAX_TABLE_BYTES) return false
        maxBytes = size
        evict()
        continue
      }
      isFirst = false
      const isIndexed = first >= 0x80
      const isAdded = !isIndexed && first >= 0x40
      const field = isIndexed ? find(readNumber(first, 7) ?? 0) : readLiteral(first, isAdded ? 6 : 4)
      if (!field) return false
      if (isAdded) add(field)
      onField(field)
    }
    return true
  }
}

const sizeOf = ({ name, value }: Field): number => name.length + value.length + ENTRY_BYTES
