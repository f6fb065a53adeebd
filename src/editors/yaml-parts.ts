import { type CST, isCollection, isPair, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'

/** One item of a list or one field of a map: from its dash or its name to the last character of its value. */
export interface Part {
  readonly start: number
  readonly end: number
}

/** Where the items of a list, or the fields of a map, stand. The document must keep its source tokens. */
export const toParts = (text: string, collection: YAMLSeq<Node> | YAMLMap<Node, Node>): readonly Part[] =>
  collection.items.map((item, index) => {
    const node = isPair(item) ? item.key : item
    const start = isSeq(collection) ? toDash(collection, index) : undefined
    return {
      start: start ?? node.range?.[0] ?? 0,
      end: toContentEnd(text, isPair(item) ? (item.value ?? item.key) : item),
    }
  })

/** Items of a list in brackets have no dash. */
const toDash = (list: YAMLSeq, index: number): number | undefined => {
  const tokens = (list.srcToken as CST.BlockSequence | CST.FlowCollection | undefined)?.items[index]?.start
  return tokens?.find(({ type }) => type === 'seq-item-ind')?.offset
}

/** The range of a collection without brackets takes in the comment and the line break behind its last value. */
const toContentEnd = (text: string, node: Node): number => {
  const end = node.range?.[1] ?? 0
  if (isCollection(node) && !node.flow) {
    const last = node.items.at(-1) as Node | Pair<Node, Node> | undefined
    if (last) return toContentEnd(text, isPair(last) ? (last.value ?? last.key) : last)
  }
  return text.slice(node.range?.[0] ?? 0, end).trimEnd().length + (node.range?.[0] ?? 0)
}
