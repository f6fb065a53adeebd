/**
 * RFC 7541 Appendix B: the bytes of each length of code. That is all there is to know, since the code is canonical: codes of
 * one length follow each other in the order of their bytes, and those of the next length come after them.
 */
const SYMBOLS: readonly (readonly [bits: number, symbols: string])[] = [
  [5, '012aceiost'],
  [6, ' %-./3456789=A_bdfghlmnpru'],
  [7, ':BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz'],
  [8, '&*,;XZ'],
  [10, '!"()?'],
  [11, "'+|"],
  [12, '#>'],
  [13, '\0$@[]~'],
  [14, '^}'],
  [15, '<`{'],
  [19, '\\\xc3\xd0'],
  [20, '\x80\x82\x83\xa2\xb8\xc2\xe0\xe2'],
  [21, '\x99\xa1\xa7\xac\xb0\xb1\xb3\xd1\xd8\xd9\xe3\xe5\xe6'],
  [22, '\x81\x84\x85\x86\x88\x92\x9a\x9c\xa0\xa3\xa4\xa9\xaa\xad\xb2\xb5\xb9\xba\xbb\xbd\xbe\xc4\xc6\xe4\xe8' + '\xe9'],
  [
    23,
    '\x01\x87\x89\x8a\x8b\x8c\x8d\x8f\x93\x95\x96\x97\x98\x9b\x9d\x9e\xa5\xa6\xa8\xae\xaf\xb4\xb6\xb7\xbc' +
      '\xbf\xc5\xe7\xef',
  ],
  [24, '\t\x8e\x90\x91\x94\x9f\xab\xce\xd7\xe1\xec\xed'],
  [25, '\xc7\xcf\xea\xeb'],
  [26, '\xc0\xc1\xc8\xc9\xca\xcd\xd2\xd5\xda\xdb\xee\xf0\xf2\xf3\xff'],
  [27, '\xcb\xcc\xd3\xd4\xd6\xdd\xde\xdf\xf1\xf4\xf5\xf6\xf7\xf8\xfa\xfb\xfc\xfd\xfe'],
  [
    28,
    '\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x17\x18\x19\x1a\x1b\x1c\x1d\x1e' +
      '\x1f\x7f\xdc\xf9',
  ],
  [30, '\n\r\x16'],
]

const MAX_BITS = 30

/** For each length the first of its codes, and the symbols that they stand for. */
const { FIRST, SYMBOLS_OF } = (() => {
  const first = new Uint32Array(MAX_BITS + 1)
  const symbolsOf: string[] = Array.from({ length: MAX_BITS + 1 }, () => '')
  const known = new Map(SYMBOLS)
  let code = 0
  for (let bits = 1; bits <= MAX_BITS; bits += 1) {
    code *= 2
    first[bits] = code
    symbolsOf[bits] = known.get(bits) ?? ''
    code += symbolsOf[bits]?.length ?? 0
  }
  return { FIRST: first, SYMBOLS_OF: symbolsOf }
})()

/**
 * The text that the bytes from `start` to `end` stand for, a character for each of its bytes; undefined when they stand for
 * none.
 */
export const decodeHuffman = (bytes: Uint8Array, start: number, end: number): string | undefined => {
  let text = ''
  let code = 0
  let bits = 0
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number
    for (let shift = 7; shift >= 0; shift -= 1) {
      code = code * 2 + ((byte >> shift) & 1)
      bits += 1
      // Beyond the longest code there is only EOS, which stands in no text.
      if (bits > MAX_BITS) return undefined
      const symbols = SYMBOLS_OF[bits] as string
      const index = code - (FIRST[bits] as number)
      if (index < 0 || index >= symbols.length) continue
      text += symbols[index]
      code = 0
      bits = 0
    }
  }
  // RFC 7541 §5.2: what is left are less than eight bits, all of them set.
  return bits < 8 && code === 2 ** bits - 1 ? text : undefined
}
