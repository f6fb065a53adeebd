/** RFC 9113 §6. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const

export const Flag = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const

/** RFC 9113 §7. */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode]

/** RFC 9113 §6.5.2. */
export const Setting = { ENABLE_PUSH: 2, MAX_CONCURRENT_STREAMS: 3, INITIAL_WINDOW_SIZE: 4, MAX_FRAME_SIZE: 5 } as const
/** Of a peer that has said nothing about it. */
export const DEFAULT_WINDOW_BYTES = 65_535
/** RFC 9113 §6.9.1: no window grows past that. */
export const MAX_WINDOW_BYTES = 2 ** 31 - 1
/** Longest payload that everybody takes; it is the longest of ours in both directions. */
export const MAX_PAYLOAD_BYTES = 16_384

export const FRAME_HEADER_BYTES = 9
export const NUMBER_BYTES = 4
export const PRIORITY_BYTES = 5
export const SETTING_BYTES = 6
export const PING_BYTES = 8
const ID_OFFSET = 5

/** A frame of stream 0: `writeStreamId` says later whose it is, so that one that is always the same is made once. */
export const toFrame = (type: number, flags: number, payload: Buffer = EMPTY): Buffer => {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length)
  writeFrameHeader(frame, 0, payload.length, type, flags)
  payload.copy(frame, FRAME_HEADER_BYTES)
  return frame
}

/** Begins a frame of stream 0 whose payload is so many bytes long. */
export const writeFrameHeader = (bytes: Buffer, at: number, length: number, type: number, flags: number): void => {
  bytes[at] = length >> 16
  bytes[at + 1] = length >> 8
  bytes[at + 2] = length
  bytes[at + 3] = type
  bytes[at + 4] = flags
  bytes.writeUInt32BE(0, at + ID_OFFSET)
}

/** A frame whose payload is numbers of 32 bits, as those of RST_STREAM, WINDOW_UPDATE and GOAWAY are. */
export const toNumberFrame = (type: number, ...numbers: readonly number[]): Buffer => {
  const payload = Buffer.alloc(numbers.length * NUMBER_BYTES)
  for (const [index, number] of numbers.entries()) payload.writeUInt32BE(number, index * NUMBER_BYTES)
  return toFrame(type, 0, payload)
}

export const toSettingsFrame = (settings: readonly (readonly [setting: number, value: number])[]): Buffer => {
  const payload = Buffer.alloc(settings.length * SETTING_BYTES)
  for (const [index, [setting, value]] of settings.entries()) {
    payload.writeUInt16BE(setting, index * SETTING_BYTES)
    payload.writeUInt32BE(value, index * SETTING_BYTES + 2)
  }
  return toFrame(FrameType.SETTINGS, 0, payload)
}

/** Writes whose they are into the frames that stand in `bytes` from `start` to `end`. */
export const writeStreamId = (bytes: Buffer, start: number, end: number, id: number): void => {
  for (let at = start; at < end; at += FRAME_HEADER_BYTES + readLength(bytes, at))
    bytes.writeUInt32BE(id, at + ID_OFFSET)
}

/** The length of the payload of the frame that begins there. */
export const readLength = (bytes: Buffer, at: number): number =>
  ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)

/** The stream of the frame that begins there; the bit before it is not looked at (RFC 9113 §4.1). */
export const readStreamId = (bytes: Buffer, at: number): number => bytes.readUInt32BE(at + ID_OFFSET) & MAX_WINDOW_BYTES

export const EMPTY: Buffer = Buffer.alloc(0)
