/** How patterns of one kind are written: each is for one text, or for all texts of a subtree. */
export interface PatternKind {
  /** What all texts of the subtree start or end with; undefined for a pattern that is for one text. */
  readonly toSubtree: (pattern: string) => string | undefined
  /** The only subtree with so many characters that the text can be in. */
  readonly cut: (text: string, length: number) => string | undefined
}

/** Finds the values of all patterns that match a text, in no order. */
export type PatternTable<V> = (text: string) => readonly V[]

/**
 * A table whose answers cost what the patterns have of different lengths, not what there are of them. A client's text is
 * looked up in Maps, and nothing else. The pattern undefined is for all texts.
 */
export const createPatternTable = <V>(
  values: ReadonlyMap<string | undefined, V>,
  { toSubtree, cut }: PatternKind,
): PatternTable<V> => {
  const forOne = new Map<string, V>()
  const forSubtree = new Map<string, V>()
  for (const [pattern, value] of values) {
    if (pattern === undefined) continue
    const subtree = toSubtree(pattern)
    if (subtree === undefined) forOne.set(pattern, value)
    else forSubtree.set(subtree, value)
  }
  const forAll = values.get(undefined)
  const lengths = [...new Set([...forSubtree.keys()].map(({ length }) => length))]
  return (text) => {
    const found: V[] = []
    const add = (value: V | undefined): void => {
      if (value !== undefined) found.push(value)
    }
    add(forAll)
    // A text that is new has to be hashed first.
    if (forOne.size > 0) add(forOne.get(text))
    for (const length of lengths) {
      const subtree = cut(text, length)
      if (subtree !== undefined) add(forSubtree.get(subtree))
    }
    return found
  }
}
