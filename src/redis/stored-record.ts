import { type KeyEntry, keyEntrySchema, toRecords } from '../sources/key-entry.ts'
import type { KeyRecord } from '../sources/key-record.ts'

/**
 * What stands under the digest of a secret: a key with all its secrets; where a rotation has put the key that the
 * secret belongs to; nothing; or what cannot be read.
 */
export type StoredRecord =
  | { readonly kind: 'entry'; readonly entry: KeyEntry; readonly records: ReadonlyMap<string, KeyRecord> }
  | { readonly kind: 'replaced'; readonly by: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'broken'; readonly problem: string }

/** A longer record is refused, in bytes. */
export const MAX_RECORD_BYTES = 65_536

const POINTER = /^sha256:([0-9a-f]{64})$/

/** A digest as records point to one. */
export const toPointer = (digest: string): string => `sha256:${digest}`

/** The digest that a pointer names; undefined when the text is none. */
export const parsePointer = (text: string): string | undefined => POINTER.exec(text)?.[1]

/** Reads the record that stands under a digest (64 hexadecimal digits). No problem holds more of it than a field's name. */
export const parseRecord = (digest: string, text: string): StoredRecord => {
  if (text === '') return { kind: 'absent' }
  if (text.length > MAX_RECORD_BYTES) return broken(`it is longer than ${MAX_RECORD_BYTES} bytes`)
  const by = parsePointer(text)
  if (by !== undefined) return { kind: 'replaced', by }
  const value = parseJson(text)
  if (value === undefined) return broken('it is no JSON')
  const parsed = keyEntrySchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const at = issue?.path.map(String).join('.')
    return broken(`${at ? `${at}: ` : 'it is no key: '}${issue?.message ?? ''}`)
  }
  const entry = parsed.data
  if (entry.digest !== toPointer(digest)) return broken('digest: it is not the one in its name')
  return { kind: 'entry', entry, records: new Map(toRecords(entry).map((record) => [record.digest, record])) }
}

const broken = (problem: string): StoredRecord => ({ kind: 'broken', problem })

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
