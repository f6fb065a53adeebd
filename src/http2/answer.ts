import { Flag, FrameType, toFrame } from './frame.ts'

/** A whole answer: fields, bytes and trailers, the fields and trailers as header blocks. */
export interface Answer {
  readonly headers: Buffer
  readonly data: Buffer
  readonly trailers: Buffer
  /** The frames that say all of it, of no stream yet. */
  readonly frames: Buffer
}

/** Made once, it can be sent to any number of streams. */
export const toAnswer = (headers: Buffer, data: Buffer, trailers: Buffer): Answer => ({
  headers,
  data,
  trailers,
  frames: Buffer.concat([
    toFrame(FrameType.HEADERS, Flag.END_HEADERS, headers),
    toFrame(FrameType.DATA, 0, data),
    toFrame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, trailers),
  ]),
})
