import { parseDocument, toProblemText } from '../config/document.ts'
import { type KeyEntry, keyEntrySchema } from './key-entry.ts'
import { capProblems } from './problem-cap.ts'
import { type Line, MAX_LINE_BYTES, splitLines } from './split-lines.ts'

/** True for a key set of one JSON entry a line, the form for many keys. */
export const isKeyLinesName = (name: string): boolean => name.endsWith('.jsonl')

/**
 * Reads a key set of lines, one entry at a time, and gives all that is wrong with it; past the greatest number of
 * problems it stops. Lines of white space are passed over. No problem holds a part of a secret.
 */
export const readKeyLines = (
  path: string,
  pieces: Iterable<Uint8Array>,
  onEntry: (entry: KeyEntry, line: number) => void,
): readonly string[] => {
  const problems = capProblems()
  let isEmpty = true
  for (const line of splitLines(pieces)) {
    isEmpty = false
    const { number } = line
    const parsed = parseLine(line)
    if (parsed.kind === 'entry') onEntry(parsed.entry, number)
    else for (const problem of parsed.problems) problems.add(() => toLineProblem(path, { ...problem, line: number }))
    if (problems.isFull()) return [...problems.list(), `${path}: reading stopped at line ${number}`]
  }
  if (isEmpty) problems.add(() => `${path}: it is empty: for no keys write one empty line`)
  return problems.list()
}

/** The entries of a file that has no problem. */
export const toKeyEntries = (path: string, content: Uint8Array): readonly KeyEntry[] => {
  const entries: KeyEntry[] = []
  readKeyLines(path, [content], (entry) => entries.push(entry))
  return entries
}

interface LineProblem {
  readonly message: string
  readonly path?: string
  readonly column?: number
}

/** A problem of one line, for people. */
export const toLineProblem = (
  file: string,
  { message, path = '', column = 1, line }: LineProblem & { readonly line: number },
): string => toProblemText(file, { path, line, column, message })

type ParsedLine =
  | { readonly kind: 'entry'; readonly entry: KeyEntry }
  | { readonly kind: 'refused'; readonly problems: readonly LineProblem[] }

const parseLine = (line: Line): ParsedLine => {
  if (line.kind === 'too_long') return refused(`the line is longer than ${MAX_LINE_BYTES} bytes`)
  if (line.kind === 'unfinished') return refused('the last line has no line end: the file may not be whole')
  if (line.text.trim() === '') return { kind: 'refused', problems: [] }
  let value: unknown
  try {
    value = JSON.parse(line.text)
  } catch {
    // What the parser says would show a part of the line.
    return refused('it is no JSON: each line is one key, as in {"id": "ci", "digest": "sha256:…"}')
  }
  const result = keyEntrySchema.safeParse(value)
  if (result.success) return { kind: 'entry', entry: result.data }
  // JSON is YAML: the slower reader knows the places.
  const placed = parseDocument(line.text, keyEntrySchema, {}, true)
  return placed.kind === 'refused' ? placed : refused('it is no key')
}

const refused = (message: string): ParsedLine => ({ kind: 'refused', problems: [{ message }] })
