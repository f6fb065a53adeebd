/** Bytes that are appended one after the other, off the heap. */
export interface GrowingBytes {
  readonly length: () => number
  readonly appendText: (text: string) => void
  /** Takes up `size` bytes, whatever the text holds. */
  readonly appendHex: (text: string, size: number) => void
  readonly appendNumber: (value: number) => void
  /** All bytes as numbers. */
  readonly toNumbers: () => Uint32Array
  /** Copies all bytes and gives their memory back at once; nothing may be appended after that. */
  readonly moveTo: (target: Uint8Array, offset: number) => void
}

/** Numbers are unsigned, of 32 bits, in the order of this machine. */
export const createGrowingBytes = (): GrowingBytes => {
  let bytes = Buffer.from(new ArrayBuffer(64))
  let length = 0
  const reserve = (more: number): void => {
    if (length + more > bytes.length) {
      bytes = Buffer.from((bytes.buffer as ArrayBuffer).transfer(Math.max(length + more, 2 * bytes.length)))
    }
  }
  const word = new Uint32Array(1)
  const wordBytes = new Uint8Array(word.buffer)
  return {
    length: () => length,
    appendText: (text) => {
      reserve(Buffer.byteLength(text))
      length += bytes.write(text, length)
    },
    appendHex: (text, size) => {
      reserve(size)
      bytes.write(text, length, size, 'hex')
      length += size
    },
    appendNumber: (value) => {
      reserve(4)
      word[0] = value
      bytes.set(wordBytes, length)
      length += 4
    },
    toNumbers: () => new Uint32Array(bytes.buffer, 0, length / 4),
    moveTo: (target, offset) => {
      target.set(bytes.subarray(0, length), offset)
      ;(bytes.buffer as ArrayBuffer).transfer(0)
    },
  }
}
