import { stringify } from 'yaml'
import type { KeyEntry } from '../sources/key-entry.ts'

/** How a file writes what is added to it: below each other, in brackets, or as JSON. */
export type Style = 'block' | 'flow' | 'json'

const OPTIONS = { lineWidth: 0, flowCollectionPadding: false, aliasDuplicateObjects: false } as const

/** A value in one of the styles, without a final line break. JSON is spread over lines if it has an indentation. */
export const render = (value: unknown, style: Style, jsonIndentation?: string): string => {
  if (style === 'json') return JSON.stringify(value, undefined, jsonIndentation)
  return stringify(value, { ...OPTIONS, collectionStyle: style }).trimEnd()
}

/** A new key set file. */
export const renderKeySet = (entry: KeyEntry, isJson: boolean): string =>
  `${render({ keys: [entry] }, isJson ? 'json' : 'block', '  ')}\n`

/** What one level of a JSON text is indented by; undefined where it stands in one line. */
export const toJsonIndentation = (text: string): string | undefined => /\n([ \t]+)\S/.exec(text)?.[1]
