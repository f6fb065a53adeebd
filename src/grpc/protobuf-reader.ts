/** Called for each field of a message: its number, and where its bytes stand. Numbers and fixed fields are passed over. */
export type OnField = (field: number, start: number, end: number) => void

const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2
const FIXED32 = 5

/**
 * Walks over the length-delimited fields of the protobuf message in `bytes` from `start` to `end`. Throws a RangeError
 * when the bytes are no message: cut short, with a length that leaves it, or of an unknown wire type.
 */
export const readFields = (bytes: Uint8Array, start: number, end: number, onField: OnField): void => {
  let at = start
  const readVarint = (): number => {
    let value = 0
    for (let scale = 1; scale <= MAX_SCALE; scale *= 128) {
      if (at >= end) throw new RangeError('the message is cut short')
      const byte = bytes[at++] as number
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw new RangeError('a number is too long')
  }
  const skip = (length: number): void => {
    at += length
    if (at > end) throw new RangeError('a field leaves its message')
  }
  while (at < end) {
    const tag = readVarint()
    const field = Math.floor(tag / 8)
    switch (tag % 8) {
      case LENGTH_DELIMITED: {
        const length = readVarint()
        const from = at
        skip(length)
        onField(field, from, at)
        break
      }
      case VARINT:
        readVarint()
        break
      case FIXED64:
        skip(8)
        break
      case FIXED32:
        skip(4)
        break
      default:
        throw new RangeError('a field has an unknown type')
    }
  }
}

/** 128 to the power of 9: ten groups of seven bits hold 64. */
const MAX_SCALE = 128 ** 9
