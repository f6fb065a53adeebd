import { type Answer, createToAnswer } from '../http2/answer.ts'
import { readBody } from '../http2/body.ts'
import { toHeaderBlock } from '../http2/header-block.ts'
import type { Stream } from '../http2/stream.ts'
import { Code } from './code.ts'

/** Longest message that is taken, in bytes. A Check is a few KiB: headers are at most 60 KiB in Envoy's defaults. */
const MAX_MESSAGE_BYTES = 1_048_576
/** Before each message: a byte that says whether it is compressed, and its length in four bytes. */
const PREFIX_BYTES = 5
/** As long as the body of a call can be. */
export const MAX_CALL_BYTES = PREFIX_BYTES + MAX_MESSAGE_BYTES

/**
 * The one message that a call brings, as gRPC writes it over HTTP/2. Undefined for a call that brings none, several or too
 * long a one, which is ended with the code that gRPC has for that.
 */
export const readMessage = (call: Stream): Buffer | undefined => {
  const bytes = readBody(call.body)
  const length = bytes.length < PREFIX_BYTES ? undefined : bytes.readUInt32BE(1)
  if (length === undefined) return endCall(call, Code.INTERNAL, 'the message is cut short')
  if (bytes[0] !== 0) return endCall(call, Code.UNIMPLEMENTED, 'compressed messages are not taken')
  if (length > MAX_MESSAGE_BYTES) {
    return endCall(call, Code.RESOURCE_EXHAUSTED, `the message is larger than max: ${MAX_MESSAGE_BYTES} bytes`)
  }
  if (bytes.length < PREFIX_BYTES + length) return endCall(call, Code.INTERNAL, 'the message is cut short')
  if (bytes.length > PREFIX_BYTES + length) return endCall(call, Code.UNIMPLEMENTED, 'a call brings one message')
  return bytes.subarray(PREFIX_BYTES)
}

const FIELDS = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
] as const
const HEADERS = toHeaderBlock(FIELDS)
const OK = toHeaderBlock([['grpc-status', String(Code.OK)]])
const toAnswer = createToAnswer(HEADERS, OK)

/** An answer of one message, which says that all went well. It can be given to any number of calls. */
export const toMessageAnswer = (message: Buffer): Answer =>
  toAnswer(PREFIX_BYTES + message.length, (bytes, at) => writePrefixed(bytes, at, message))

/** An answer of several messages: begins, goes on and ends. */
export const startAnswer = (call: Stream): void => call.outflow.start(call, HEADERS)
export const sendMessage = (call: Stream, message: Buffer): void => call.outflow.send(call, toPrefixed(message))
export const endAnswer = (call: Stream): void => call.outflow.end(call, OK)

/** Ends a call with a code other than OK and a few words about it, in plain ASCII (gRPC's Trailers-Only). */
export const endCall = (call: Stream, code: number, message: string): undefined => {
  call.outflow.end(call, toHeaderBlock([...FIELDS, ['grpc-status', String(code)], ['grpc-message', message]]))
}

/** A message as it stands in a stream. */
const toPrefixed = (message: Buffer): Buffer => {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + message.length)
  writePrefixed(bytes, 0, message)
  return bytes
}

const writePrefixed = (bytes: Buffer, at: number, message: Buffer): void => {
  bytes[at] = 0
  bytes.writeUInt32BE(message.length, at + 1)
  message.copy(bytes, at + PREFIX_BYTES)
}
