import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml'

/** Where something stands. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  /** Field names and list positions, as in `static_resources.listeners[0].name`. */
  readonly path: string
}

/**
 * A field of a document that somebody else wrote, with its place. Reading never fails: what is not there, or is of
 * another shape, is a part that is absent, and its place is that of the nearest thing around it.
 */
export interface Part {
  readonly isThere: boolean
  readonly place: () => Place
  /** The text of a scalar: numbers and booleans as they are written. */
  readonly text: string | undefined
  readonly number: number | undefined
  readonly isTrue: boolean
  /** A field below, by name after name. `snake_case` and `camelCase` find each other, as protobuf's JSON takes both. */
  readonly get: (...names: readonly string[]) => Part
  readonly items: () => readonly Part[]
  readonly entries: () => readonly (readonly [name: string, part: Part])[]
}

/** What the places of a document need: its file and the position of an offset in it. */
export interface Origin {
  readonly file: string
  readonly document: Document
  readonly at: (offset: number) => Pick<Place, 'line' | 'column'>
}

/** The whole of a document. */
export const toPart = (origin: Origin): Part => toPartOf(origin, origin.document.contents, '', 0)

const toPartOf = (origin: Origin, node: unknown, path: string, offset: number): Part => {
  const own = follow(origin.document, node)
  const start = (isAlias(node) ? node : own)?.range?.[0] ?? offset
  const below = (name: string | number, child: unknown): Part => {
    const field = typeof name === 'number' ? `[${name}]` : path === '' ? name : `.${name}`
    return toPartOf(origin, child, path + field, start)
  }
  const text = isScalar(own) && own.value !== null ? String(own.value) : undefined
  const find = (name: string): Part => {
    const pairs = isMap(own) ? own.items : []
    const names = [name, toCamelCase(name), toSnakeCase(name)]
    const pair = pairs.find(({ key }) => names.includes(toKey(key)))
    return below(pair ? toKey(pair.key) : name, pair?.value)
  }
  return {
    isThere: own !== undefined,
    place: () => ({ file: origin.file, path, ...origin.at(start) }),
    text,
    number: text === undefined || text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text),
    isTrue: text === 'true',
    get: (name, ...rest) => (rest.length === 0 || name === undefined ? find(name ?? '') : find(name).get(...rest)),
    items: () => (isSeq(own) ? own.items.map((item, index) => below(index, item)) : []),
    entries: () =>
      isMap(own) ? own.items.map(({ key, value }) => [toKey(key), below(toKey(key), value)] as const) : [],
  }
}

/** An alias stands for what it names; null is nothing. */
const follow = (document: Document, node: unknown): Node | undefined => {
  const target = isAlias(node) ? node.resolve(document) : (node as Node | null | undefined)
  return isScalar(target) && target.value === null ? undefined : (target ?? undefined)
}

const toKey = (key: unknown): string => String(isScalar(key) ? key.value : key)

const toCamelCase = (name: string): string => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

const toSnakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
