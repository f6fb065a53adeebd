import type { Answer } from './answer.ts'
import {
  DEFAULT_WINDOW_BYTES,
  Flag,
  FRAME_HEADER_BYTES,
  FrameType,
  MAX_PAYLOAD_BYTES,
  MAX_WINDOW_BYTES,
  toFrame,
} from './frame.ts'
import type { Outbox } from './outbox.ts'
import type { Stream } from './stream.ts'

/** Answers the requests of one connection: each with a whole answer, or in parts. What a client that has gone would get is dropped. */
export interface Outflow {
  readonly answer: (stream: Stream, answer: Answer) => void
  readonly start: (stream: Stream, headers: Buffer) => void
  readonly send: (stream: Stream, data: Buffer) => void
  /** Without a start before it these are all there is. */
  readonly end: (stream: Stream, trailers: Buffer) => void
}

/** An `Outflow`, and what it must know of the client. */
export interface ClientOutflow extends Outflow {
  /** The client takes so many bytes more; false when that is more than there can be (RFC 9113 §6.9.1). */
  readonly widen: (stream: Stream, bytes: number) => boolean
  readonly widenAll: (bytes: number) => boolean
  readonly reset: (stream: Stream) => void
}

/** `onEnd` is told of each stream once, when there is nothing more to send. */
export const createOutflow = (outbox: Outbox, onEnd: (stream: Stream) => void): ClientOutflow => {
  let window = DEFAULT_WINDOW_BYTES
  const waiting = new Set<Stream>()

  /** RFC 9113 §6.9: DATA, and nothing else, waits until the client takes it. */
  const sendUnsent = (stream: Stream): void => {
    waiting.delete(stream)
    for (let part = stream.unsent.shift(); part; part = stream.unsent.shift()) {
      const size = Math.min(part.length, window, stream.window, MAX_PAYLOAD_BYTES)
      if (size <= 0) {
        stream.unsent.unshift(part)
        waiting.add(stream)
        return
      }
      outbox.add(toFrame(FrameType.DATA, 0, part.subarray(0, size)), stream.id)
      window -= size
      stream.window -= size
      if (size < part.length) stream.unsent.unshift(part.subarray(size))
    }
    if (!stream.unsentTrailers) return
    outbox.add(toFrame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, stream.unsentTrailers), stream.id)
    onEnd(stream)
  }
  const start: Outflow['start'] = (stream, headers) => {
    if (!stream.isReset) outbox.add(toFrame(FrameType.HEADERS, Flag.END_HEADERS, headers), stream.id)
  }
  const send: Outflow['send'] = (stream, data) => {
    if (stream.isReset) return
    stream.unsent.push(data)
    sendUnsent(stream)
  }
  const end: Outflow['end'] = (stream, trailers) => {
    stream.unsentTrailers = trailers
    if (stream.isReset) onEnd(stream)
    else sendUnsent(stream)
  }

  return {
    start,
    send,
    end,
    answer: (stream, { frames, dataStart, dataEnd }) => {
      const size = dataEnd - dataStart
      if (stream.isReset || size > window || size > stream.window || size > MAX_PAYLOAD_BYTES) {
        start(stream, frames.subarray(FRAME_HEADER_BYTES, dataStart - FRAME_HEADER_BYTES))
        send(stream, frames.subarray(dataStart, dataEnd))
        end(stream, frames.subarray(dataEnd + FRAME_HEADER_BYTES))
        return
      }
      window -= size
      stream.window -= size
      outbox.add(frames, stream.id)
      onEnd(stream)
    },
    widen: (stream, bytes) => {
      stream.window += bytes
      if (waiting.has(stream)) sendUnsent(stream)
      return stream.window <= MAX_WINDOW_BYTES
    },
    widenAll: (bytes) => {
      window += bytes
      for (const stream of [...waiting]) sendUnsent(stream)
      return window <= MAX_WINDOW_BYTES
    },
    reset: (stream) => {
      if (stream.isReset) return
      stream.isReset = true
      waiting.delete(stream)
      // Whoever was to answer it has done so, or was never asked.
      if (stream.unsentTrailers || !stream.isHandedOver) onEnd(stream)
      else stream.onReset?.()
    },
  }
}
