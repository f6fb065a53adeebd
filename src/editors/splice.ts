/** A piece of a text, from `start` to before `end`, and what stands there instead. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The text with all pieces replaced; they must not overlap. */
export const applySplices = (text: string, splices: readonly Splice[]): string => {
  const ordered = splices.toSorted((a, b) => a.start - b.start || a.end - b.end)
  const pieces: string[] = []
  let position = 0
  for (const splice of ordered) {
    pieces.push(text.slice(position, splice.start), splice.text)
    position = splice.end
  }
  return [...pieces, text.slice(position)].join('')
}

/** Where the line of a position starts. */
export const toLineStart = (text: string, position: number): number => text.lastIndexOf('\n', position - 1) + 1

/** Where the line of a position ends: at its line break, LF or CRLF, or at the end of the text. */
export const toLineEnd = (text: string, position: number): number => {
  const end = text.indexOf('\n', position)
  if (end < 0) return text.length
  return text[end - 1] === '\r' && end > position ? end - 1 : end
}

/** Where the next line starts. */
export const toNextLine = (text: string, position: number): number => {
  const end = text.indexOf('\n', position)
  return end < 0 ? text.length : end + 1
}

/** What stands before a position in its line, when that is nothing but white space; else undefined. */
export const toIndentation = (text: string, position: number): string | undefined => {
  const before = text.slice(toLineStart(text, position), position)
  return /^[ \t]*$/.test(before) ? before : undefined
}

/** Several lines, each but the first with white space before it, and the line breaks of the text they go to. */
export const indentLines = (lines: string, indentation: string, text: string): string =>
  lines.replaceAll('\n', `${text.includes('\r\n') ? '\r\n' : '\n'}${indentation}`)
