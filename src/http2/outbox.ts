import type { Socket } from 'node:net'
import { writeStreamId } from './frame.ts'

/** What is sent over one connection. */
export interface Outbox {
  /** Takes frames of one stream. They are copied later, so they must not change. */
  readonly add: (frames: Buffer, streamId?: number) => void
  /** Sends all that was taken so far. */
  readonly flush: () => void
}

/** Where the frames of most writes fit, in bytes. */
const MEMORY_BYTES = 8_192

/**
 * Sends what was taken in one turn of the event loop as one write: each costs a system call. While the client reads nothing
 * of it, nothing more is read of the client: what it makes us say (CVE-2019-9512, CVE-2019-9515) must not pile up.
 */
export const createOutbox = (socket: Socket): Outbox => {
  const frames: Buffer[] = []
  const streamIds: number[] = []
  let length = 0
  /** Used again for each write: in a pool, what one write leaves would outlive it by many. */
  const memory = Buffer.allocUnsafeSlow(MEMORY_BYTES)

  const take = (): Buffer => {
    // What was written before and still waits must not change.
    const isFree = socket.writableLength === 0
    return isFree && length <= MEMORY_BYTES ? memory.subarray(0, length) : Buffer.allocUnsafeSlow(length)
  }
  const flush = (): void => {
    if (length === 0) return
    const bytes = take()
    let at = 0
    for (const [index, part] of frames.entries()) {
      const end = at + part.copy(bytes, at)
      const streamId = streamIds[index] as number
      if (streamId !== 0) writeStreamId(bytes, at, end, streamId)
      at = end
    }
    frames.length = 0
    streamIds.length = 0
    length = 0
    if (socket.destroyed || socket.write(bytes) || socket.isPaused()) return
    socket.pause()
    socket.once('drain', () => socket.resume())
  }
  return {
    add: (part, streamId = 0) => {
      if (length === 0) process.nextTick(flush)
      frames.push(part)
      streamIds.push(streamId)
      length += part.length
    },
    flush,
  }
}
