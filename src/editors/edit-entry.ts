import { isDeepStrictEqual } from 'node:util'
import { isScalar, type Node, type Scalar, stringify, type YAMLMap } from 'yaml'
import type { KeyEntry } from '../sources/key-entry.ts'
import { appendToBlock, removeFromBlock, replaceInBlock } from './block-splices.ts'
import { render, toJsonIndentation } from './render-entry.ts'
import { indentLines, type Splice, toIndentation } from './splice.ts'
import { toParts } from './yaml-parts.ts'

/** One entry of a key set where it stands in the text, and as it shall be. */
export interface EntryEdit {
  readonly text: string
  readonly isJson: boolean
  readonly node: YAMLMap<Node, Node>
  readonly before: KeyEntry
  readonly after: KeyEntry
}

/** Makes one entry of another. In one that is not in brackets only the fields that differ are touched. */
export const editEntry = (edit: EntryEdit): readonly Splice[] => {
  if (isDeepStrictEqual(edit.before, edit.after)) return []
  return edit.isJson || edit.node.flow ? [rewrite(edit)] : editFields(edit)
}

const rewrite = ({ text, isJson, node, after }: EntryEdit): Splice => {
  const [start = 0, end = 0] = node.range ?? []
  const isSpread = text.slice(start, end).includes('\n')
  const rendered = render(after, isJson ? 'json' : 'flow', isSpread ? toJsonIndentation(text) : undefined)
  return { start, end, text: indentLines(rendered, toIndentation(text, start) ?? '', text) }
}

const editFields = ({ text, node, before, after }: EntryEdit): readonly Splice[] => {
  const parts = toParts(text, node)
  const names = node.items.map(({ key }) => (isScalar(key) ? String(key.value) : ''))
  const removed = new Set(names.flatMap((name, index) => (own(after, name) === undefined ? [index] : [])))
  const replaced = names.flatMap((name, index) => {
    const [part, value] = [parts[index], own(after, name)]
    if (!part || value === undefined || isDeepStrictEqual(own(before, name), value)) return []
    const old = node.items[index]?.value
    return [isScalar(old) ? replaceScalar(old, value) : replaceInBlock(text, part, render({ [name]: value }, 'block'))]
  })
  const added = Object.entries(after).filter(([name, value]) => value !== undefined && !names.includes(name))
  const lastKept = parts.findLast((_, index) => !removed.has(index))
  const append =
    added.length > 0 && lastKept ? [appendToBlock(text, lastKept, render(Object.fromEntries(added), 'block'))] : []
  return [...removeFromBlock(text, parts, removed), ...replaced, ...append]
}

/** Text keeps its quotation marks. */
const replaceScalar = (old: Scalar & { range?: readonly [number, number, number] | null }, value: unknown): Splice => {
  const [start = 0, end = 0] = old.range ?? []
  const type = typeof value === 'string' && old.type?.startsWith('QUOTE') ? old.type : undefined
  return { start, end, text: stringify(value, { lineWidth: 0, ...(type && { defaultStringType: type }) }).trimEnd() }
}

const own = (entry: KeyEntry, name: string): unknown =>
  Object.hasOwn(entry, name) ? entry[name as keyof KeyEntry] : undefined
