/** Whole lines of some language. */
export interface TextBlock {
  readonly kind: 'block'
  readonly lines: readonly string[]
}

/** Writes lines as they will stand in the file: a template tag. */
export type BlockTag<T> = (
  strings: TemplateStringsArray,
  ...holes: readonly (T | TextBlock | readonly TextBlock[])[]
) => TextBlock

/**
 * A tag for templates that are indented with the code around them. A block in a hole, or a list of them, is indented to
 * where the hole stands; where the list is empty, its line goes. All else in a hole is written by `toText`, but text in a
 * line of comment (`#`), which stays as it is.
 */
export const createBlockTag =
  <T>(toText: (hole: T) => string): BlockTag<T> =>
  (strings, ...holes) => {
    const text = strings.reduce((before, after, index) => `${before}\0${index - 1}\0${after}`)
    const lines = dedent(text).flatMap((line) => {
      const [, before = '', index = '', after = ''] = /^([^\0]*)\0(\d+)\0(.*)$/.exec(line) ?? []
      const hole = holes[Number(index)]
      const blocks = [hole].flat().filter(isBlock)
      const isGone = Array.isArray(hole) && hole.length === 0 && before.trim() === '' && after === ''
      if (index === '' || (blocks.length === 0 && !isGone)) return fill(line, holes as readonly T[], toText)
      if (after !== '') throw new Error(`a block is put before the end of a line: ${line.replaceAll(HOLE, '…')}`)
      const indent = ' '.repeat(before.length)
      return blocks.flatMap((block) => block.lines).map((inner, place) => join(place === 0 ? before : indent, inner))
    })
    return { kind: 'block', lines }
  }

/** A comment, line by line. */
export const comment = (text: string): TextBlock => ({
  kind: 'block',
  lines: text.split('\n').map((line) => `# ${line}`.trimEnd()),
})

/** A block as the content of a file. */
export const toFileText = ({ lines }: TextBlock): string => `${lines.join('\n')}\n`

const HOLE = /\0(\d+)\0/g

const isBlock = (hole: unknown): hole is TextBlock =>
  typeof hole === 'object' && hole !== null && 'kind' in hole && hole.kind === 'block'

const join = (indent: string, line: string): string => (line === '' ? '' : indent + line)

/** Without the first and last line break, and without the indentation of the first line that is not empty. */
const dedent = (text: string): readonly string[] => {
  const lines = text.replace(/^\n/, '').replace(/\n *$/, '').split('\n')
  const indent = /^\n* */.exec(lines.join('\n'))?.[0].replaceAll('\n', '') ?? ''
  return lines.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()))
}

const fill = <T>(line: string, holes: readonly T[], toText: (hole: T) => string): string => {
  const isComment = line.trimStart().startsWith('#')
  return line.replaceAll(HOLE, (_, index) => {
    const hole = holes[Number(index)] as T
    return isComment && typeof hole === 'string' ? hole.replaceAll(/\s+/g, ' ') : toText(hole)
  })
}
