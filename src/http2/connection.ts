import type { Socket } from 'node:net'
import { createBlockReader, type ReadPart } from './block-reader.ts'
import { appendTo, createBody } from './body.ts'
import { readSettings } from './client-settings.ts'
import {
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  Flag,
  FrameType,
  MAX_WINDOW_BYTES,
  NUMBER_BYTES,
  PING_BYTES,
  PRIORITY_BYTES,
  Setting,
  toFrame,
  toNumberFrame,
  toSettingsFrame,
} from './frame.ts'
import { createFrameReader, type Frame, withoutPadding } from './frame-reader.ts'
import { createHeaderDecoder } from './header-decoder.ts'
import { createOutbox } from './outbox.ts'
import { createOutflow } from './outflow.ts'
import { createHeadReader, type RequestHead } from './request-head.ts'
import type { Stream } from './stream.ts'
import { createStreamTable } from './stream-table.ts'

/** One connection of a client. */
export interface Connection {
  /** Ends it once all requests that came were answered; those that are on their way now are served too (RFC 9113 §6.8). */
  readonly close: () => void
}

export interface ConnectionOptions {
  /** Bytes of a request's body that are taken: of a longer one somewhat more is handed over, and the rest is dropped. */
  readonly maxBodyBytes: number
  /** Must end each stream in time, also one that was reset. */
  readonly onRequest: (stream: Stream) => void
}

/** Streams at a time: Envoy opens as many as its clients make. */
const MAX_STREAMS = 10_000
/** How much of one request, and of all of them, may be on its way to us, in bytes. */
const STREAM_WINDOW_BYTES = 2_097_152
const WINDOW_BYTES = 16_777_216
/** How much of requests that are not whole is kept, in bytes. */
const MAX_HELD_BYTES = 67_108_864
/** How long a client may be silent before it has said that it speaks HTTP/2, in milliseconds. */
const PREFACE_MILLISECONDS = 5_000

/** Serves HTTP/2 (RFC 9113) to a client that knows that it will be spoken. It never throws. */
export const serveConnection = (socket: Socket, { maxBodyBytes, onRequest }: ConnectionOptions): Connection => {
  const outbox = createOutbox(socket)
  const blocks = createBlockReader()
  const readBlock = createHeadReader(createHeaderDecoder())
  const streams = createStreamTable()
  let lastStreamId = 0
  let firstWindow = DEFAULT_WINDOW_BYTES
  let held = 0
  let unacknowledged = 0
  let isConfigured = false
  let state: 'open' | 'closing' | 'closed' = 'open'

  const end = (): void => {
    outbox.flush()
    socket.destroySoon()
  }
  const outflow = createOutflow(outbox, (stream) => {
    if (!stream.isHandedOver) held -= stream.body.length
    // RFC 9113 §8.1: the answer is whole, and the client need not say more.
    if (stream.isRequestOpen && !stream.isReset) outbox.add(NO_MORE, stream.id)
    streams.remove(stream)
    if (state === 'closed' && streams.size() === 0) end()
  })
  /** RFC 9113 §5.4.2: the fault of one stream, which the others do not notice. */
  const failStream = (streamId: number, code: ErrorCode): ErrorCode => {
    outbox.add(toNumberFrame(FrameType.RST_STREAM, code), streamId)
    const stream = streams.get(streamId)
    if (stream) outflow.reset(stream)
    return ErrorCode.NO_ERROR
  }
  const handOver = (stream: Stream): void => {
    held -= stream.body.length
    stream.isHandedOver = true
    onRequest(stream)
  }
  const openStream = (id: number, head: RequestHead): Stream => {
    const stream: Stream = {
      id,
      head,
      body: createBody(),
      outflow,
      isRequestOpen: true,
      isHandedOver: false,
      isReset: false,
      onReset: undefined,
      window: firstWindow,
      unsent: [],
      unsentTrailers: undefined,
      next: undefined,
    }
    streams.add(stream)
    return stream
  }
  const endRequest = (stream: Stream): ErrorCode => {
    stream.isRequestOpen = false
    if (stream.isHandedOver) return ErrorCode.NO_ERROR
    const { head, body } = stream
    // RFC 9113 §8.1.1
    if ((head.contentLength ?? body.length) !== body.length) return failStream(stream.id, ErrorCode.PROTOCOL_ERROR)
    handOver(stream)
    return ErrorCode.NO_ERROR
  }

  const onData = (frame: Frame): ErrorCode => {
    const { streamId, flags, bytes } = frame
    if (streamId === 0 || streamId > lastStreamId) return ErrorCode.PROTOCOL_ERROR
    // RFC 9113 §6.9: it counts, whatever becomes of it.
    unacknowledged += frame.end - frame.start
    if (unacknowledged > WINDOW_BYTES / 2) {
      outbox.add(toNumberFrame(FrameType.WINDOW_UPDATE, unacknowledged))
      unacknowledged = 0
    }
    const { start, end } = withoutPadding(frame)
    const size = end - start
    if (size < 0) return ErrorCode.PROTOCOL_ERROR
    const stream = streams.get(streamId)
    if (!stream?.isRequestOpen || stream.isReset) return failStream(streamId, ErrorCode.STREAM_CLOSED)
    if (size > 0 && !stream.isHandedOver) {
      if (held + size > MAX_HELD_BYTES) return failStream(streamId, ErrorCode.ENHANCE_YOUR_CALM)
      held += size
      appendTo(stream.body, bytes.subarray(start, end))
      if (stream.body.length > maxBodyBytes) handOver(stream)
    }
    return flags & Flag.END_STREAM ? endRequest(stream) : ErrorCode.NO_ERROR
  }

  const onBlockPart = (part: ReadPart): ErrorCode => {
    if (part.kind === 'part') return ErrorCode.NO_ERROR
    if (part.kind === 'fault') return part.code
    const { streamId, endsRequest, block } = part
    // What is refused is read as well: the dynamic table is the connection's.
    const read = readBlock(block)
    if (read.kind === 'undecodable') return ErrorCode.COMPRESSION_ERROR
    const known = streams.get(streamId)
    if (known?.isRequestOpen && !known.isReset) {
      const isGood = endsRequest && read.kind === 'trailers'
      return isGood ? endRequest(known) : failStream(streamId, ErrorCode.PROTOCOL_ERROR)
    }
    if (known || streamId === lastStreamId) return ErrorCode.STREAM_CLOSED
    // RFC 9113 §5.1.1: the numbers of new streams go up.
    if (streamId < lastStreamId) return ErrorCode.PROTOCOL_ERROR
    // RFC 9113 §6.8: it came after the last that we said we would answer.
    if (state === 'closed') return failStream(streamId, ErrorCode.REFUSED_STREAM)
    lastStreamId = streamId
    if (streams.size() >= MAX_STREAMS) return failStream(streamId, ErrorCode.REFUSED_STREAM)
    if (read.kind !== 'head') return failStream(streamId, ErrorCode.PROTOCOL_ERROR)
    const stream = openStream(streamId, read.head)
    return endsRequest ? endRequest(stream) : ErrorCode.NO_ERROR
  }

  const onPriority = ({ streamId, start, end }: Frame): ErrorCode => {
    if (streamId === 0) return ErrorCode.PROTOCOL_ERROR
    return end - start === PRIORITY_BYTES ? ErrorCode.NO_ERROR : failStream(streamId, ErrorCode.FRAME_SIZE_ERROR)
  }
  const onReset = ({ streamId, start, end }: Frame): ErrorCode => {
    if (streamId === 0 || streamId > lastStreamId) return ErrorCode.PROTOCOL_ERROR
    if (end - start !== NUMBER_BYTES) return ErrorCode.FRAME_SIZE_ERROR
    const stream = streams.get(streamId)
    if (stream) outflow.reset(stream)
    return ErrorCode.NO_ERROR
  }
  const onSettings = (frame: Frame): ErrorCode => {
    if (frame.streamId !== 0) return ErrorCode.PROTOCOL_ERROR
    if (frame.flags & Flag.ACK) return frame.start === frame.end ? ErrorCode.NO_ERROR : ErrorCode.FRAME_SIZE_ERROR
    const settings = readSettings(frame)
    if (settings.kind === 'fault') return settings.code
    // RFC 9113 §6.5.3: to the client, what comes before this is by its old settings.
    outbox.add(SETTINGS_ACK)
    // RFC 9113 §6.9.2: the windows of open streams change with it, by as much, and may fall below zero.
    const more = (settings.firstWindow ?? firstWindow) - firstWindow
    if (more === 0) return ErrorCode.NO_ERROR
    firstWindow += more
    const areGood = streams.all().map((stream) => outflow.widen(stream, more))
    return areGood.includes(false) ? ErrorCode.FLOW_CONTROL_ERROR : ErrorCode.NO_ERROR
  }
  const onPing = ({ streamId, flags, bytes, start, end }: Frame): ErrorCode => {
    if (streamId !== 0) return ErrorCode.PROTOCOL_ERROR
    if (end - start !== PING_BYTES) return ErrorCode.FRAME_SIZE_ERROR
    if (!(flags & Flag.ACK)) outbox.add(toFrame(FrameType.PING, Flag.ACK, bytes.subarray(start, end)))
    else if (state === 'closing') refuseNew()
    return ErrorCode.NO_ERROR
  }
  const onGoaway = ({ streamId }: Frame): ErrorCode => (streamId === 0 ? ErrorCode.NO_ERROR : ErrorCode.PROTOCOL_ERROR)
  const onWindowUpdate = ({ streamId, bytes, start, end }: Frame): ErrorCode => {
    if (streamId > lastStreamId) return ErrorCode.PROTOCOL_ERROR
    if (end - start !== NUMBER_BYTES) return ErrorCode.FRAME_SIZE_ERROR
    const more = bytes.readUInt32BE(start) & MAX_WINDOW_BYTES
    if (streamId === 0) {
      if (more === 0) return ErrorCode.PROTOCOL_ERROR
      return outflow.widenAll(more) ? ErrorCode.NO_ERROR : ErrorCode.FLOW_CONTROL_ERROR
    }
    const stream = streams.get(streamId)
    if (!stream || stream.isReset) return ErrorCode.NO_ERROR
    if (more === 0) return failStream(streamId, ErrorCode.PROTOCOL_ERROR)
    return outflow.widen(stream, more) ? ErrorCode.NO_ERROR : failStream(streamId, ErrorCode.FLOW_CONTROL_ERROR)
  }

  const onFrame = (frame: Frame): ErrorCode => {
    // RFC 9113 §3.4: settings come first; §6.10: nothing comes between the parts of a header block.
    if (!isConfigured && frame.type !== FrameType.SETTINGS) return ErrorCode.PROTOCOL_ERROR
    if (blocks.isOpen() && frame.type !== FrameType.CONTINUATION) return ErrorCode.PROTOCOL_ERROR
    switch (frame.type) {
      case FrameType.DATA:
        return onData(frame)
      case FrameType.HEADERS:
        return onBlockPart(blocks.begin(frame))
      case FrameType.PRIORITY:
        return onPriority(frame)
      case FrameType.RST_STREAM:
        return onReset(frame)
      case FrameType.SETTINGS:
        isConfigured = true
        socket.setTimeout(0)
        return onSettings(frame)
      case FrameType.PUSH_PROMISE:
        return ErrorCode.PROTOCOL_ERROR
      case FrameType.PING:
        return onPing(frame)
      case FrameType.GOAWAY:
        return onGoaway(frame)
      case FrameType.WINDOW_UPDATE:
        return onWindowUpdate(frame)
      case FrameType.CONTINUATION:
        return onBlockPart(blocks.proceed(frame))
      default:
        // RFC 9113 §4.1: a frame of a kind that is not known is passed over.
        return ErrorCode.NO_ERROR
    }
  }
  const read = createFrameReader(onFrame)
  const onChunk = (chunk: Buffer): void => {
    const code = read(chunk)
    if (code === ErrorCode.NO_ERROR) return
    // RFC 9113 §5.4.1: what comes from here on cannot be understood.
    socket.off('data', onChunk)
    outbox.add(toNumberFrame(FrameType.GOAWAY, lastStreamId, code))
    end()
  }
  /** What was on its way when we said that we would go has come by now. */
  const refuseNew = (): void => {
    state = 'closed'
    outbox.add(toNumberFrame(FrameType.GOAWAY, lastStreamId, ErrorCode.NO_ERROR))
    if (streams.size() === 0) end()
  }

  socket.on('data', onChunk)
  // A client that goes away is no fault, and there is nobody left to be told.
  socket.on('error', () => {})
  socket.on('close', () => {
    for (const stream of streams.all()) outflow.reset(stream)
  })
  socket.setTimeout(PREFACE_MILLISECONDS, () => socket.destroy())
  outbox.add(FIRST_FRAMES)
  return {
    close: () => {
      if (state !== 'open') return
      state = 'closing'
      outbox.add(GOING)
    },
  }
}

const FIRST_FRAMES = Buffer.concat([
  toSettingsFrame([
    [Setting.MAX_CONCURRENT_STREAMS, MAX_STREAMS],
    [Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
  ]),
  toNumberFrame(FrameType.WINDOW_UPDATE, WINDOW_BYTES - DEFAULT_WINDOW_BYTES),
])
const SETTINGS_ACK = toFrame(FrameType.SETTINGS, Flag.ACK)
const NO_MORE = toNumberFrame(FrameType.RST_STREAM, ErrorCode.NO_ERROR)
/** RFC 9113 §6.8: no stream is named as the last yet; once the PING is answered, all that were on their way have come. */
const GOING = Buffer.concat([
  toNumberFrame(FrameType.GOAWAY, MAX_WINDOW_BYTES, ErrorCode.NO_ERROR),
  toFrame(FrameType.PING, 0, Buffer.alloc(PING_BYTES)),
])
