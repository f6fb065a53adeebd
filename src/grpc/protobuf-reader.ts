/** A walk over the fields of a protobuf message, and of those inside it: the field that it is at, and where its bytes stand. */
export interface FieldCursor {
  /** Where the next field begins. */
  at: number
  /** Its number. */
  field: number
  start: number
  end: number
}

export const createFieldCursor = (): FieldCursor => ({ at: 0, field: 0, start: 0, end: 0 })

/** Goes into the field that the cursor is at; gives where that ends, for `nextField`. */
export const enterField = (cursor: FieldCursor): number => {
  cursor.at = cursor.start
  return cursor.end
}

const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2
const FIXED32 = 5

/**
 * Goes on to the next length-delimited field of the message that ends at `end`; false when there is none left. Numbers and
 * fixed fields are passed over. Throws a RangeError when the bytes are no message: cut short, with a length that leaves it,
 * or of an unknown wire type.
 */
export const nextField = (bytes: Uint8Array, cursor: FieldCursor, end: number): boolean => {
  while (cursor.at < end) {
    const tag = readVarint(bytes, cursor, end)
    switch (tag % 8) {
      case LENGTH_DELIMITED: {
        const length = readVarint(bytes, cursor, end)
        cursor.field = Math.floor(tag / 8)
        cursor.start = cursor.at
        skip(cursor, length, end)
        cursor.end = cursor.at
        return true
      }
      case VARINT:
        readVarint(bytes, cursor, end)
        break
      case FIXED64:
        skip(cursor, 8, end)
        break
      case FIXED32:
        skip(cursor, 4, end)
        break
      default:
        throw new RangeError('a field has an unknown type')
    }
  }
  return false
}

/** 128 to the power of 9: ten groups of seven bits hold 64. */
const MAX_SCALE = 128 ** 9

const readVarint = (bytes: Uint8Array, cursor: FieldCursor, end: number): number => {
  let value = 0
  for (let scale = 1; scale <= MAX_SCALE; scale *= 128) {
    if (cursor.at >= end) throw new RangeError('the message is cut short')
    const byte = bytes[cursor.at++] as number
    value += (byte & 127) * scale
    if (byte < 128) return value
  }
  throw new RangeError('a number is too long')
}

const skip = (cursor: FieldCursor, length: number, end: number): void => {
  cursor.at += length
  if (cursor.at > end) throw new RangeError('a field leaves its message')
}
