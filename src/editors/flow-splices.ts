import { indentLines, type Splice, toIndentation, toLineEnd, toLineStart, toNextLine } from './splice.ts'
import type { Part } from './yaml-parts.ts'

/** Adds an item behind the last one of a list in brackets: on a line of its own if the last one has its own. */
export const appendToFlow = (text: string, last: Part, item: string): Splice => {
  const indentation = toIndentation(text, last.start)
  const added = indentation === undefined ? `, ${item}` : indentLines(`,\n${item}`, indentation, text)
  return { start: last.end, end: last.end, text: added }
}

/** Removes one of several items between brackets, and one comma. */
export const removeFromFlow = (text: string, parts: readonly Part[], index: number): readonly Splice[] => {
  const [before, part, after] = [parts[index - 1], parts[index], parts[index + 1]]
  if (!part || !(before || after)) return []
  if (after) return [toWhole(text, part.start, text.indexOf(',', part.end) + 1)]
  const comma = text.indexOf(',', before?.end)
  return [{ start: comma, end: comma + 1, text: '' }, toWhole(text, part.start, part.end)]
}

/** Takes whole lines away where nothing else stands in them, else the white space on one side. */
const toWhole = (text: string, start: number, end: number): Splice => {
  const isRestBlank = /^[ \t]*$/.test(text.slice(end, toLineEnd(text, end)))
  if (isRestBlank && toIndentation(text, start) !== undefined) {
    return { start: toLineStart(text, start), end: toNextLine(text, end), text: '' }
  }
  const spaces = /^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0
  return { start, end: end + spaces, text: '' }
}
