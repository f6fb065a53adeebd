import { createServer } from 'node:net'
import { toMessageAnswer } from '../src/grpc/call.ts'
import {
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  Flag,
  FrameType,
  MAX_WINDOW_BYTES,
  toFrame,
  toNumberFrame,
  toSettingsFrame,
  writeStreamId,
} from '../src/http2/frame.ts'
import { createFrameReader } from '../src/http2/frame-reader.ts'

/**
 * The least that a server on Node can do: it reads nothing but where frames begin, and answers each request with the same
 * bytes, those of one read with one write.
 */
const [host = '', port] = (process.argv[2] ?? '').split(':')

/** A CheckResponse with an empty status. */
const { frames } = toMessageAnswer(Buffer.from([10, 0]))
const SETTINGS_ACK = toFrame(FrameType.SETTINGS, Flag.ACK)

const toLetThrough = (streamId: number): Buffer => {
  const bytes = Buffer.from(frames)
  writeStreamId(bytes, 0, bytes.length, streamId)
  return bytes
}

createServer((socket) => {
  const out = [toSettingsFrame([]), toNumberFrame(FrameType.WINDOW_UPDATE, MAX_WINDOW_BYTES - DEFAULT_WINDOW_BYTES)]
  const read = createFrameReader(({ type, flags, streamId, bytes, start, end }) => {
    if (type === FrameType.SETTINGS && !(flags & Flag.ACK)) out.push(SETTINGS_ACK)
    if (type === FrameType.PING && !(flags & Flag.ACK))
      out.push(toFrame(FrameType.PING, Flag.ACK, bytes.subarray(start, end)))
    if (type === FrameType.DATA) {
      if (end > start) out.push(toNumberFrame(FrameType.WINDOW_UPDATE, end - start))
      if (flags & Flag.END_STREAM) out.push(toLetThrough(streamId))
    }
    return ErrorCode.NO_ERROR
  })
  socket.setNoDelay()
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    read(chunk)
    if (out.length > 0) socket.write(Buffer.concat(out.splice(0)))
  })
}).listen(Number(port), host)
