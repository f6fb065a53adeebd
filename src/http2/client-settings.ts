import { ErrorCode, MAX_PAYLOAD_BYTES, MAX_WINDOW_BYTES, SETTING_BYTES, Setting } from './frame.ts'
import type { Frame } from './frame-reader.ts'

/** What a client's SETTINGS says that matters to us; or why the connection must end. */
export type ClientSettings =
  | { readonly kind: 'settings'; readonly firstWindow: number | undefined }
  | { readonly kind: 'fault'; readonly code: ErrorCode }

/**
 * Reads a SETTINGS frame (RFC 9113 §6.5). The settings that are not looked at are about header blocks, of which ours are
 * short and use no table, and about what is not known.
 */
export const readSettings = ({ bytes, start, end }: Frame): ClientSettings => {
  if ((end - start) % SETTING_BYTES !== 0) return fault(ErrorCode.FRAME_SIZE_ERROR)
  let firstWindow: number | undefined
  for (let at = start; at < end; at += SETTING_BYTES) {
    const value = bytes.readUInt32BE(at + 2)
    switch (bytes.readUInt16BE(at)) {
      case Setting.ENABLE_PUSH:
        if (value > 1) return fault(ErrorCode.PROTOCOL_ERROR)
        break
      case Setting.MAX_FRAME_SIZE:
        if (value < MAX_PAYLOAD_BYTES || value >= 2 ** 24) return fault(ErrorCode.PROTOCOL_ERROR)
        break
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW_BYTES) return fault(ErrorCode.FLOW_CONTROL_ERROR)
        firstWindow = value
    }
  }
  return { kind: 'settings', firstWindow }
}

const fault = (code: ErrorCode): ClientSettings => ({ kind: 'fault', code })
