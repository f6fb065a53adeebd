/** A longer line is none: in bytes, without its end. */
export const MAX_LINE_BYTES = 65_536

/** A line without its end, its number from 1 on; or what is wrong with it. */
export type Line =
  | { readonly kind: 'line'; readonly number: number; readonly text: string }
  | { readonly kind: 'too_long'; readonly number: number }
  | { readonly kind: 'unfinished'; readonly number: number }

const LF = 0x0a

/** Cuts a stream of bytes into lines; it holds one piece and one line at a time. The last line must end as well. */
export function* splitLines(pieces: Iterable<Uint8Array>): Generator<Line> {
  let number = 1
  let rest: Buffer = Buffer.alloc(0)
  let isTooLong = false
  for (const piece of pieces) {
    const bytes = Buffer.concat([rest, piece])
    let start = 0
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      if (isTooLong || end - start > MAX_LINE_BYTES) yield { kind: 'too_long', number }
      else yield { kind: 'line', number, text: bytes.toString('utf8', start, end) }
      isTooLong = false
      start = end + 1
      number += 1
    }
    rest = bytes.subarray(start)
    if (rest.length > MAX_LINE_BYTES) {
      isTooLong = true
      rest = Buffer.alloc(0)
    }
  }
  if (isTooLong || rest.length > 0) yield isTooLong ? { kind: 'too_long', number } : { kind: 'unfinished', number }
}
