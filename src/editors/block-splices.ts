import { indentLines, type Splice, toIndentation, toLineEnd, toLineStart, toNextLine } from './splice.ts'
import type { Part } from './yaml-parts.ts'

/** Adds lines after one of several parts that stand below each other; they are indented like it. */
export const appendToBlock = (text: string, part: Part, lines: string): Splice => {
  const end = toLineEnd(text, part.end)
  return { start: end, end, text: indentLines(`\n${lines}`, toBlockIndentation(text, part), text) }
}

/** Puts other lines in the place of one part; a comment behind it stays. */
export const replaceInBlock = (text: string, part: Part, lines: string): Splice => ({
  ...part,
  text: indentLines(lines, toBlockIndentation(text, part), text),
})

/**
 * Removes some of the parts, each with its lines and with nothing above them. The first field of a list's item stands
 * behind the dash: the first one that is kept takes its place.
 */
export const removeFromBlock = (
  text: string,
  parts: readonly Part[],
  removed: ReadonlySet<number>,
): readonly Splice[] => {
  const [first] = parts
  const isBehindDash = first !== undefined && toIndentation(text, first.start) === undefined
  const firstKept = parts.findIndex((_, index) => !removed.has(index))
  return parts.flatMap((part, index) => {
    if (!removed.has(index)) return []
    if (!isBehindDash || index > firstKept) {
      return [{ start: toLineStart(text, part.start), end: toNextLine(text, part.end), text: '' }]
    }
    return index === 0 ? [{ start: part.start, end: parts[firstKept]?.start ?? part.end, text: '' }] : []
  })
}

const toBlockIndentation = (text: string, { start }: Part): string => ' '.repeat(start - toLineStart(text, start))
