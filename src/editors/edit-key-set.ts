import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, isSeq, type Node, parseDocument as parseYaml, type YAMLSeq } from 'yaml'
import { parseDocument } from '../config/document.ts'
import { type KeyEntry, keySetSchema } from '../sources/key-entry.ts'
import { appendToBlock, removeFromBlock } from './block-splices.ts'
import { editEntry } from './edit-entry.ts'
import { appendToFlow, removeFromFlow } from './flow-splices.ts'
import { render, toJsonIndentation } from './render-entry.ts'
import { applySplices, indentLines, type Splice, toIndentation, toLineEnd, toLineStart } from './splice.ts'
import { toParts } from './yaml-parts.ts'

/** The text of a key set, as YAML or JSON, and the entries in it. */
export interface KeySetText {
  readonly text: string
  readonly isJson: boolean
  readonly entries: readonly KeyEntry[]
}

/** The list of a key set where it stands in the text. */
interface KeyList {
  readonly name: Node
  readonly node: YAMLSeq<Node>
  /** True for a list without brackets, or an empty one that may become such. */
  readonly isBlock: boolean
}

/**
 * The text with one entry changed: `toEntry` gets the old one (undefined: a new one is added at the end) and gives the
 * new one (undefined: it is removed). Every byte outside of that entry stays. Undefined where the file is written in a
 * way that cannot be edited like this: with anchors, tags or multiple documents. The result was read again and holds
 * exactly what it should.
 */
export const editKeySet = (keySet: KeySetText, index: number, after: KeyEntry | undefined): string | undefined => {
  const list = findList(keySet.text)
  if (!list) return undefined
  const edited = applySplices(keySet.text, toSplices(keySet, list, index, after))
  const expected = keySet.entries.toSpliced(index, 1, ...(after ? [after] : []))
  const parsed = parseDocument(edited, keySetSchema)
  return parsed.kind === 'parsed' && isDeepStrictEqual(parsed.value.keys, expected) ? edited : undefined
}

const findList = (text: string): KeyList | undefined => {
  const { contents } = parseYaml(text, { keepSourceTokens: true })
  if (!isMap<Node, Node>(contents)) return undefined
  const pair = contents.items.find(({ key }) => isScalar(key) && key.value === 'keys')
  if (!pair || !isSeq<Node>(pair.value)) return undefined
  const isBlock = pair.value.items.length > 0 ? !pair.value.flow : !contents.flow
  return { name: pair.key, node: pair.value, isBlock }
}

const toSplices = (
  keySet: KeySetText,
  list: KeyList,
  index: number,
  after: KeyEntry | undefined,
): readonly Splice[] => {
  const before = keySet.entries[index]
  if (!before) return toAdded(keySet, list, after)
  if (!after) return toRemoved(keySet, list, index)
  const node = list.node.items[index]
  return isMap<Node, Node>(node) ? editEntry({ ...keySet, node, before, after }) : []
}

const toRemoved = ({ text }: KeySetText, { name, node, isBlock }: KeyList, index: number): readonly Splice[] => {
  const parts = toParts(text, node)
  const [start = 0, end = 0] = node.range ?? []
  if (!isBlock) return parts.length > 1 ? removeFromFlow(text, parts, index) : [{ start, end, text: '[]' }]
  const removed = removeFromBlock(text, parts, new Set([index]))
  const colon = text.indexOf(':', name.range?.[1] ?? 0) + 1
  return parts.length > 1 ? removed : [{ start: colon, end: colon, text: ' []' }, ...removed]
}

const toAdded = ({ text, isJson }: KeySetText, list: KeyList, entry: unknown): readonly Splice[] => {
  const last = toParts(text, list.node).at(-1)
  if (list.isBlock && !isJson) {
    const lines = render([entry], 'block')
    return last ? [appendToBlock(text, last, lines)] : replaceEmpty(text, list, lines)
  }
  const style = isJson ? 'json' : 'flow'
  const indentation = toJsonIndentation(text)
  if (last) {
    const isSpread = text.slice(last.start, last.end).includes('\n')
    return [appendToFlow(text, last, render(entry, style, isSpread ? indentation : undefined))]
  }
  const [start = 0, end = 0] = list.node.range ?? []
  const [line = ''] = /^[ \t]*/.exec(text.slice(toLineStart(text, start))) ?? []
  return [{ start, end, text: indentLines(render([entry], style, indentation), line, text) }]
}

/** Takes the empty brackets away and writes below their line, so that a comment behind them stays where it is. */
const replaceEmpty = (text: string, { name, node }: KeyList, lines: string): readonly Splice[] => {
  const [start = 0, end = 0] = node.range ?? []
  const below = toLineEnd(text, end)
  const indentation = `${toIndentation(text, name.range?.[0] ?? 0) ?? ''}  `
  return [
    { start: text.slice(0, start).trimEnd().length, end, text: '' },
    { start: below, end: below, text: indentLines(`\n${lines}`, indentation, text) },
  ]
}
