/** Whole lines of YAML. */
export interface YamlText {
  readonly kind: 'yaml'
  readonly lines: readonly string[]
}

/** What can be written as YAML. */
export type Data = string | number | boolean | readonly Data[] | { readonly [key: string]: Data }

/**
 * YAML as it will stand in the file, with its comments. Data in a hole is written in flow style, quoted where it must be.
 * YAML in a hole, or a list of it, is indented to where the hole stands; where there is none, its line goes.
 */
export const yaml = (
  strings: TemplateStringsArray,
  ...holes: readonly (Data | YamlText | readonly YamlText[])[]
): YamlText => {
  const text = strings.reduce((before, after, index) => `${before}\0${index - 1}\0${after}`)
  const lines = toLines(text).flatMap((line) => {
    const [, before = '', index = '', after = ''] = /^([^\0]*)\0(\d+)\0(.*)$/.exec(line) ?? []
    const hole = holes[Number(index)]
    const texts = [hole].flat().filter(isYamlText)
    const isOneOfData = texts.length === 0 && !(Array.isArray(hole) && hole.length === 0 && before.trim() === '')
    if (index === '' || isOneOfData) return fill(line, holes)
    if (after !== '') throw new Error(`YAML is put in the middle of a line: ${line.replaceAll(HOLE, '…')}`)
    const indent = ' '.repeat(before.length)
    return texts.flatMap((text) => text.lines).map((inner, place) => join(place === 0 ? before : indent, inner))
  })
  return { kind: 'yaml', lines }
}

/** Documents as one file. */
export const toYamlFile = (documents: readonly YamlText[]): string =>
  documents.map(({ lines }) => `${lines.join('\n')}\n`).join('---\n')

/** A comment of whole sentences, as lines. */
export const comment = (text: string): YamlText => ({
  kind: 'yaml',
  lines: text.split('\n').map((line) => `# ${line}`.trimEnd()),
})

const HOLE = /\0(\d+)\0/g

const isYamlText = (hole: unknown): hole is YamlText =>
  typeof hole === 'object' && hole !== null && 'kind' in hole && hole.kind === 'yaml' && 'lines' in hole

const join = (indent: string, line: string): string => (line === '' ? '' : indent + line)

/** Without the first and last line break, and without the indentation of the first line. */
const toLines = (text: string): readonly string[] => {
  const lines = text.replace(/^\n/, '').replace(/\n *$/, '').split('\n')
  const indent = /^ */.exec(lines[0] ?? '')?.[0] ?? ''
  return lines.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line.trimStart()))
}

const fill = (line: string, holes: readonly unknown[]): string => {
  const isComment = line.trimStart().startsWith('#')
  return line.replaceAll(HOLE, (_, index) => {
    const hole = holes[Number(index)] as Data
    return isComment && typeof hole === 'string' ? hole.replaceAll(/\s+/g, ' ') : toFlow(hole)
  })
}

const toFlow = (data: Data): string => {
  if (typeof data === 'string') return toScalar(data)
  if (typeof data !== 'object') return String(data)
  if (isList(data)) return `[${data.map(toFlow).join(', ')}]`
  return `{${Object.entries(data)
    .map(([key, value]) => `${toScalar(key)}: ${toFlow(value)}`)
    .join(', ')}}`
}

const isList = (data: Data): data is readonly Data[] => Array.isArray(data)

const PLAIN = /^(?:[A-Za-z_/][\w./-]*|\d{1,3}(?:\.\d{1,3}){3})$/
/** What one YAML reader or another takes for something else than text (YAML 1.1 §10.2). */
const WORD = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i

const toScalar = (text: string): string => {
  if (PLAIN.test(text) && !WORD.test(text)) return text
  return /[\\"]/.test(text) && /^[ -~]*$/.test(text) ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text)
}
