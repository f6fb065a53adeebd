import type { ServerHttp2Stream } from 'node:http2'
import { Code } from './code.ts'

/** Longest message that is taken, in bytes. A Check is a few KiB: headers are at most 60 KiB in Envoy's defaults. */
const MAX_MESSAGE_BYTES = 1_048_576
/** Before each message: a byte that says whether it is compressed, and its length in four bytes. */
const PREFIX_BYTES = 5

/**
 * Hands over the one message that a call brings, as gRPC writes it over HTTP/2. A call that brings none, several or too
 * long a one is ended with the code that gRPC has for that.
 */
export const readMessage = (stream: ServerHttp2Stream, onMessage: (message: Buffer) => void): void => {
  let bytes = EMPTY
  let isRead = false
  const end = (code: number, message: string): void => {
    isRead = true
    endCall(stream, code, message)
  }
  stream.on('data', (chunk: Buffer) => {
    if (isRead) return
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    if (bytes.length < PREFIX_BYTES) return
    const length = bytes.readUInt32BE(1)
    if (bytes[0] !== 0) return end(Code.UNIMPLEMENTED, 'compressed messages are not taken')
    if (length > MAX_MESSAGE_BYTES) {
      return end(Code.RESOURCE_EXHAUSTED, `the message is larger than max: ${MAX_MESSAGE_BYTES} bytes`)
    }
    if (bytes.length < PREFIX_BYTES + length) return
    if (bytes.length > PREFIX_BYTES + length) return end(Code.UNIMPLEMENTED, 'a call brings one message')
    isRead = true
    onMessage(bytes.subarray(PREFIX_BYTES))
  })
  stream.on('end', () => {
    if (!isRead) end(Code.INTERNAL, 'the message is cut short')
  })
}

const EMPTY: Buffer = Buffer.alloc(0)

/** A list of names and values costs Node less than an object. */
const HEADERS: readonly string[] = [':status', '200', 'content-type', 'application/grpc']
const WITH_TRAILERS = { waitForTrailers: true }
const TRAILERS = { 'grpc-status': String(Code.OK) }

/** Begins an answer; false when the client has gone. Once the stream is ended, trailers say that all went well. */
export const startAnswer = (stream: ServerHttp2Stream): boolean => {
  if (stream.destroyed || stream.headersSent) return false
  stream.on('wantTrailers', () => stream.sendTrailers(TRAILERS))
  stream.respond(HEADERS, WITH_TRAILERS)
  return true
}

/** Answers with one message, framed. */
export const sendMessage = (stream: ServerHttp2Stream, frame: Buffer): void => {
  if (startAnswer(stream)) stream.end(frame)
}

/** A message as it stands in a stream. */
export const toFrame = (message: Buffer): Buffer => {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length)
  frame[0] = 0
  frame.writeUInt32BE(message.length, 1)
  message.copy(frame, PREFIX_BYTES)
  return frame
}

/** Ends a call with a code other than OK and a word about it, in plain ASCII (gRPC's Trailers-Only). */
export const endCall = (stream: ServerHttp2Stream, code: number, message: string): void => {
  // What the client still sends is let go of.
  stream.resume()
  if (stream.destroyed || stream.headersSent) return
  stream.respond([...HEADERS, 'grpc-status', String(code), 'grpc-message', message], { endStream: true })
}
