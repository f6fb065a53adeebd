/**
 * Bytes of a message, as a text of one character from U+0000 to U+00FF for each: such texts are put together at nearly no
 * cost, where each buffer costs more than the bytes in it.
 */
export type ByteText = string

/** Parts of a protobuf message, each with its field number. Put together they are the message. */
export const toText = (field: number, text: string): ByteText =>
  toMessage(field, /[^\0-\x7f]/.test(text) ? Buffer.from(text).toString('latin1') : text)

export const toMessage = (field: number, content: ByteText): ByteText =>
  toVarint(field * 8 + LENGTH_DELIMITED) + toVarint(content.length) + content

/** A number from 0 to 2³¹ − 1, or a truth value. It is written also when it is 0, which is what protobuf assumes. */
export const toNumber = (field: number, value: number): ByteText => toVarint(field * 8 + VARINT) + toVarint(value)

/** The message itself. */
export const fromByteText = (text: ByteText): Buffer => Buffer.from(text, 'latin1')

const VARINT = 0
const LENGTH_DELIMITED = 2

const toVarint = (value: number): ByteText =>
  value < 128
    ? String.fromCharCode(value)
    : String.fromCharCode((value % 128) + 128) + toVarint(Math.floor(value / 128))
