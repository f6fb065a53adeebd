/** Bytes that are appended one after the other, off the heap. */
export interface GrowingBytes {
  readonly length: () => number
  readonly appendText: (text: string) => void
  /** Takes up `size` bytes, whatever the text holds. */
  readonly appendHex: (text: string, size: number) => void
  readonly append: (bytes: Uint8Array) => void
  /** All bytes as they stand, good until the next change. They begin where a buffer does. */
  readonly view: () => Buffer
  /** Begins anew, in the same memory. */
  readonly clear: () => void
}

export const createGrowingBytes = (): GrowingBytes => {
  let bytes = Buffer.from(new ArrayBuffer(64))
  let length = 0
  const reserve = (more: number): void => {
    if (length + more > bytes.length) {
      bytes = Buffer.from((bytes.buffer as ArrayBuffer).transfer(Math.max(length + more, 2 * bytes.length)))
    }
  }
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
    append: (more) => {
      reserve(more.length)
      bytes.set(more, length)
      length += more.length
    },
    view: () => bytes.subarray(0, length),
    clear: () => {
      length = 0
    },
  }
}

/** Appends numbers one by one, in the order of this machine; `word` is an array of one, of their kind. */
export const appendNumbers = (
  to: GrowingBytes,
  word: Uint16Array | Uint32Array | Float64Array,
): ((value: number) => void) => {
  const bytes = new Uint8Array(word.buffer)
  return (value) => {
    word[0] = value
    to.append(bytes)
  }
}
