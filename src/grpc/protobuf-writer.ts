/** Parts of a protobuf message, each with its field number. Concatenated they are the message. */
export const toText = (field: number, text: string): Buffer => toBytes(field, Buffer.from(text))

export const toMessage = (field: number, parts: readonly Buffer[]): Buffer => toBytes(field, Buffer.concat(parts))

/** A number from 0 to 2³¹ − 1, or a truth value. It is written also when it is 0, which is what protobuf assumes. */
export const toNumber = (field: number, value: number): Buffer =>
  Buffer.from([...toVarint(field * 8 + VARINT), ...toVarint(value)])

const toBytes = (field: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([...toVarint(field * 8 + LENGTH_DELIMITED), ...toVarint(content.length)]), content])

const VARINT = 0
const LENGTH_DELIMITED = 2

const toVarint = (value: number): readonly number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...toVarint(Math.floor(value / 128))]
