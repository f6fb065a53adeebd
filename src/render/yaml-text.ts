import { createBlockTag, type TextBlock, toFileText } from './text-block.ts'

/** What can be written as YAML. */
export type Data = string | number | boolean | readonly Data[] | { readonly [key: string]: Data }

/** YAML as it will stand in the file, with its comments. Data in a hole is written in flow style, quoted where it must be. */
export const yaml = createBlockTag<Data>((data) => toFlow(data))

/** Documents as one file. */
export const toYamlFile = (documents: readonly TextBlock[]): string => documents.map(toFileText).join('---\n')

const toFlow = (data: Data): string => {
  if (typeof data === 'string') return toScalar(data)
  if (typeof data !== 'object') return String(data)
  if (isList(data)) return `[${data.map(toFlow).join(', ')}]`
  const pairs = Object.entries(data).map(([key, value]) => `${toScalar(key)}: ${toFlow(value)}`)
  return `{${pairs.join(', ')}}`
}

const isList = (data: Data): data is readonly Data[] => Array.isArray(data)

const PLAIN = /^(?:[A-Za-z_/][\w./-]*|\d{1,3}(?:\.\d{1,3}){3})$/
/** What one YAML reader or another takes for something else than text (YAML 1.1 §10.2). */
const WORD = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i

const toScalar = (text: string): string => {
  if (PLAIN.test(text) && !WORD.test(text)) return text
  return /[\\"]/.test(text) && /^[ -~]*$/.test(text) ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text)
}
