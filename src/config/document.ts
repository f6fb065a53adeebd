import { type Document, isScalar, LineCounter, type Node, parseDocument as parseYaml, visit, type YAMLMap } from 'yaml'
import type * as z from 'zod'

/** What is wrong in a document, and where. */
export interface Problem {
  /** Field names and list positions, as in `routes[2].path`. Empty for the document itself. */
  readonly path: string
  readonly line: number
  readonly column: number
  readonly message: string
}

export type Parsed<T> =
  | {
      readonly kind: 'parsed'
      readonly value: T
      /** A problem that shows itself only later, at its place in the document. */
      readonly toProblem: (path: readonly PropertyKey[], message: string) => Problem
    }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/**
 * Reads YAML (or JSON, which is YAML) against a schema and reports every problem at once, each with its place. With
 * `hidesContent` no problem quotes the text: a file of keys may hold a secret that was put there by mistake.
 */
export const parseDocument = <S extends z.ZodType>(
  text: string,
  schema: S,
  environment: Readonly<Record<string, string | undefined>> = {},
  hidesContent = false,
): Parsed<z.output<S>> => {
  const lines = new LineCounter()
  const document = parseYaml(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number): Pick<Problem, 'line' | 'column'> => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const problems: Problem[] = document.errors.map(({ message, code, pos }) => {
    return { path: '', ...at(pos[0]), message: hidesContent ? `it cannot be read (${code})` : message }
  })
  if (problems.length > 0) return { kind: 'refused', problems }

  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'string') return
      node.value = node.value.replaceAll(/\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
        const value = environment[name]
        if (value !== undefined) return value
        problems.push({ path: '', ...at(node.range?.[0] ?? 0), message: `the environment variable ${name} is not set` })
        return whole
      })
    },
  })

  let value: unknown
  try {
    value = document.toJS()
  } catch (error) {
    // An alias without an anchor, or more aliases than any honest file has.
    const message = hidesContent ? 'it has an alias that cannot be followed' : String(error)
    return { kind: 'refused', problems: [{ path: '', line: 1, column: 1, message }] }
  }
  const result = schema.safeParse(value ?? {}, { error: toTypeMessage })
  const toProblem = (path: readonly PropertyKey[], message: string, key?: string): Problem => {
    return { path: toPathText(path), ...at(findOffset(document, path, key)), message }
  }
  if (!result.success) {
    const complaints = result.error.issues.flatMap((issue) => flatten(issue))
    const toMessage = ({ message, key }: Complaint) => (hidesContent && key !== undefined ? 'unknown field' : message)
    problems.push(...complaints.map((complaint) => toProblem(complaint.path, toMessage(complaint), complaint.key)))
  }
  const sorted = problems.sort((a, b) => a.line - b.line || a.column - b.column)
  return result.success && sorted.length === 0
    ? { kind: 'parsed', value: result.data, toProblem }
    : { kind: 'refused', problems: sorted }
}

/** One line for people: place, field, what is wrong. */
export const toProblemText = (file: string, { path, line, column, message }: Problem): string =>
  `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`

interface Complaint {
  readonly path: readonly PropertyKey[]
  readonly message: string
  /** The unknown field, which is where to point. */
  readonly key?: string
}

const flatten = (issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): readonly Complaint[] => {
  const path = [...above, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path, key, message: `unknown field ${JSON.stringify(key)}` }))
    case 'invalid_union': {
      // The alternative that was meant is the one that fails deepest.
      const [nearest] = issue.errors.toSorted((a, b) => depth(b) - depth(a))
      const own = issue.message !== 'Invalid input' && !nearest?.some((inner) => inner.path.length > 0)
      return nearest && !own ? nearest.flatMap((inner) => flatten(inner, path)) : [{ path, message: issue.message }]
    }
    default:
      return [{ path, message: issue.message }]
  }
}

/** The message for a value of the wrong type; all others are the schema's. */
const toTypeMessage: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'invalid_type') return undefined
  return issue.input === undefined ? 'is missing' : `must be of type ${issue.expected}`
}

const depth = (issues: readonly z.core.$ZodIssue[]): number =>
  Math.max(0, ...issues.map(({ path, code }) => path.length + (code === 'invalid_type' ? 0 : 1)))

const toPathText = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')

/** Where a field is, or the nearest thing above it that exists. */
const findOffset = (document: Document, path: readonly PropertyKey[], key?: string): number => {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined
    if (!node?.range) continue
    const pair =
      key === undefined
        ? undefined
        : (node as YAMLMap).items?.find((item) => isScalar(item.key) && item.key.value === key)
    return (pair?.key as Node | undefined)?.range?.[0] ?? node.range[0]
  }
  return 0
}
