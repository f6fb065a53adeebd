import { ErrorCode, Flag, FRAME_HEADER_BYTES, PRIORITY_BYTES } from './frame.ts'
import { type Frame, withoutPadding } from './frame-reader.ts'

/** What a frame of a header block brings: one more part, or all of it; or why the connection must end. */
export type ReadPart =
  | { readonly kind: 'part' }
  | { readonly kind: 'block'; readonly streamId: number; readonly endsRequest: boolean; readonly block: Buffer }
  | { readonly kind: 'fault'; readonly code: ErrorCode }

/** Puts header blocks together: HEADERS, and as many CONTINUATION as it takes (RFC 9113 §6.2, §6.10). */
export interface BlockReader {
  readonly begin: (frame: Frame) => ReadPart
  readonly proceed: (frame: Frame) => ReadPart
  /** True between the parts of a block, where no other frame may come. */
  readonly isOpen: () => boolean
}

/** CVE-2024-27316: how long a header block may be, in bytes; each of its frames counts, however empty it is. */
const MAX_BLOCK_BYTES = 65_536

export const createBlockReader = (): BlockReader => {
  let parts: Buffer[] = []
  let size = 0
  let streamId = 0
  let endsRequest = false

  const add = (frame: Frame, start: number, end: number): ReadPart => {
    size += FRAME_HEADER_BYTES + end - start
    if (size > MAX_BLOCK_BYTES) return fault(ErrorCode.ENHANCE_YOUR_CALM)
    parts.push(frame.bytes.subarray(start, end))
    if (!(frame.flags & Flag.END_HEADERS)) return PART
    const block = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
    parts = []
    return { kind: 'block', streamId, endsRequest, block }
  }
  return {
    begin: (frame) => {
      // RFC 9113 §5.1.1: a client's streams have odd numbers.
      if (frame.streamId % 2 === 0) return fault(ErrorCode.PROTOCOL_ERROR)
      const { start, end } = withoutPadding(frame)
      const blockStart = start + (frame.flags & Flag.PRIORITY ? PRIORITY_BYTES : 0)
      if (blockStart > end) return fault(ErrorCode.PROTOCOL_ERROR)
      size = 0
      streamId = frame.streamId
      endsRequest = (frame.flags & Flag.END_STREAM) !== 0
      return add(frame, blockStart, end)
    },
    proceed: (frame) => {
      const isExpected = parts.length > 0 && frame.streamId === streamId
      return isExpected ? add(frame, frame.start, frame.end) : fault(ErrorCode.PROTOCOL_ERROR)
    },
    isOpen: () => parts.length > 0,
  }
}

const PART = { kind: 'part' } as const
const fault = (code: ErrorCode): ReadPart => ({ kind: 'fault', code })
