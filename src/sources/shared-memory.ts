/** From that size on memory is a mapping of its own. */
const MAPPED_BYTES = 65_536

/**
 * Memory that threads share, of zeros. A large one is asked for as if it could grow: the system then maps it by itself and
 * takes it back as a whole, while the allocator would leave holes that no later index fits in.
 */
export const allocateShared = (bytes: number): SharedArrayBuffer =>
  bytes < MAPPED_BYTES ? new SharedArrayBuffer(bytes) : new SharedArrayBuffer(bytes, { maxByteLength: bytes })
