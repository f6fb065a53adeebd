import { type Document, isScalar, LineCounter, parseAllDocuments } from 'yaml'
import { type Part, toPart } from './part.ts'

/** Why a file, or a document of it, cannot be read. */
export interface Unreadable {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

export interface Documents {
  readonly parts: readonly Part[]
  readonly unreadable: readonly Unreadable[]
}

/** Reads all YAML or JSON documents of a text. `above`: how many lines of the file are above the text. */
export const readDocuments = (file: string, text: string, above = 0): Documents => {
  const lines = new LineCounter()
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1) + above, column: Math.max(col, 1) }
  }
  const parts: Part[] = []
  const unreadable: Unreadable[] = []
  for (const document of parseAll(text, lines)) {
    if (document instanceof Error) {
      unreadable.push({ file, line: 1 + above, column: 1, message: document.message })
      continue
    }
    const [error] = document.errors
    if (error) unreadable.push({ file, ...at(error.pos[0]), message: error.message })
    else if (!isEmpty(document)) parts.push(toPart({ file, document, at }))
  }
  return { parts, unreadable }
}

/** A text that nests deeper than the stack is a bad text, no bug. */
const parseAll = (text: string, lineCounter: LineCounter): readonly (Document | Error)[] => {
  try {
    const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false })
    return 'empty' in documents ? [] : documents
  } catch (error) {
    return [error instanceof Error ? error : new Error(String(error))]
  }
}

const isEmpty = ({ contents }: Document): boolean => !contents || (isScalar(contents) && contents.value === null)
