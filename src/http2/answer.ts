import { Flag, FRAME_HEADER_BYTES, FrameType, toFrame, writeFrameHeader } from './frame.ts'

/** A whole answer, as the frames that say all of it, of no stream yet. It can be sent to any number of streams. */
export interface Answer {
  readonly frames: Buffer
  /** Where what its DATA frame holds begins and ends in them. */
  readonly dataStart: number
  readonly dataEnd: number
}

/** Makes answers that have these fields and trailers, both header blocks; `write` is to write so many bytes of data from `at` on. */
export const createToAnswer = (headers: Buffer, trailers: Buffer) => {
  const first = toFrame(FrameType.HEADERS, Flag.END_HEADERS, headers)
  const last = toFrame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, trailers)
  const dataStart = first.length + FRAME_HEADER_BYTES
  return (length: number, write: (bytes: Buffer, at: number) => void): Answer => {
    const dataEnd = dataStart + length
    const frames = Buffer.allocUnsafe(dataEnd + last.length)
    first.copy(frames)
    writeFrameHeader(frames, first.length, length, FrameType.DATA, 0)
    write(frames, dataStart)
    last.copy(frames, dataEnd)
    return { frames, dataStart, dataEnd }
  }
}
