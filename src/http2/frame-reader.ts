import { EMPTY, ErrorCode, Flag, FRAME_HEADER_BYTES, MAX_PAYLOAD_BYTES, readLength, readStreamId } from './frame.ts'

/** One frame. Its payload stands in `bytes` from `start` to `end`. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** RFC 9113 §3.4: what a client says first. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/**
 * Takes what a connection brings, piece by piece, and hands over each frame once it is whole. What that answers other than
 * NO_ERROR ends the reading, and is answered in turn.
 */
export const createFrameReader = (onFrame: (frame: Frame) => ErrorCode): ((chunk: Buffer) => ErrorCode) => {
  let rest = EMPTY
  let hasPreface = false

  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    if (!hasPreface) {
      const length = Math.min(bytes.length, PREFACE.length)
      if (bytes.compare(PREFACE, 0, length, 0, length) !== 0) return ErrorCode.PROTOCOL_ERROR
      hasPreface = length === PREFACE.length
      if (hasPreface) at = length
    }
    while (hasPreface && at + FRAME_HEADER_BYTES <= bytes.length) {
      const length = readLength(bytes, at)
      // RFC 9113 §4.2: we take none that is longer.
      if (length > MAX_PAYLOAD_BYTES) return ErrorCode.FRAME_SIZE_ERROR
      const start = at + FRAME_HEADER_BYTES
      const end = start + length
      if (end > bytes.length) break
      const [type, flags] = [bytes[at + 3] as number, bytes[at + 4] as number]
      const code = onFrame({ type, flags, streamId: readStreamId(bytes, at), bytes, start, end })
      if (code !== ErrorCode.NO_ERROR) return code
      at = end
    }
    rest = at === 0 ? bytes : bytes.subarray(at)
    return ErrorCode.NO_ERROR
  }
}

/** Where the payload stands without its padding (RFC 9113 §6.1); it ends before it starts when there is too much of that. */
export const withoutPadding = ({ flags, bytes, start, end }: Frame): Pick<Frame, 'start' | 'end'> =>
  flags & Flag.PADDED ? { start: start + 1, end: end - (bytes[start] ?? 0) } : { start, end }
