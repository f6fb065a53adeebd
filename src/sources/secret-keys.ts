import type { Secret } from '../kubernetes/secret.ts'
import { type KeyAnnotations, parseAnnotations } from './key-annotations.ts'
import { isKeySetName, parseKeyFile } from './key-file.ts'
import type { KeyRecord } from './key-record.ts'
import type { KeyGroup } from './key-source.ts'

/** What is known of one Secret: the last good keys of its entries, and what is wrong with it now. */
export interface SecretKeys {
  readonly uid: string | undefined
  readonly resourceVersion: string
  readonly groups: readonly KeyGroup[]
  readonly problems: readonly string[]
  /** As the entries say it, before the annotations. */
  readonly entries: ReadonlyMap<string, readonly KeyRecord[]>
  /** The last good value of each; one that never had any is missing. */
  readonly annotations: Partial<KeyAnnotations>
}

/**
 * The keys of a Secret, by the rules of a key folder: an entry is what a file is there. A broken entry keeps its last
 * good keys, a broken annotation its last good value; without one the Secret has no keys. `before` is what was known of
 * the name; it counts only for the very same Secret.
 */
export const toSecretKeys = (secret: Secret, before?: SecretKeys): SecretKeys => {
  const { namespace, name, resourceVersion, uid } = secret.metadata
  const known = before?.uid === uid ? before : undefined
  if (known?.resourceVersion === resourceVersion) return known
  const place = `${namespace}/${name}`
  const parsedAnnotations = parseAnnotations(secret.metadata.annotations ?? {})
  const annotations = { ...known?.annotations, ...parsedAnnotations.value }
  const entries = new Map<string, readonly KeyRecord[]>()
  const problems =
    parsedAnnotations.kind === 'refused' ? parsedAnnotations.problems.map((problem) => `${place}: ${problem}`) : []
  for (const [entry, content] of Object.entries(secret.data ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (entry.startsWith('.')) continue
    const parsed = parseKeyFile(`${place}/${entry}`, Buffer.from(content ?? '', 'base64'))
    if (parsed.kind === 'refused') problems.push(...parsed.problems)
    entries.set(entry, parsed.kind === 'parsed' ? parsed.records : (known?.entries.get(entry) ?? []))
  }
  const toGroup = ([entry, records]: readonly [string, readonly KeyRecord[]], all: KeyAnnotations): KeyGroup => ({
    origin: `${place}/${entry}`,
    records: records.map((record) => annotate(record, all, isKeySetName(entry))),
  })
  const groups = isWhole(annotations) ? [...entries].map((entry) => toGroup(entry, annotations)) : []
  return { uid, resourceVersion, groups, problems, entries, annotations }
}

/** An end that is none is known, too: a name without a value is there. */
const isWhole = (annotations: Partial<KeyAnnotations>): annotations is KeyAnnotations =>
  'scopes' in annotations && 'expires' in annotations && 'disabled' in annotations

/** What annotations take away counts for all keys of the Secret; the scopes of a key set are its own. */
const annotate = (
  record: KeyRecord,
  { scopes, expires, disabled }: KeyAnnotations,
  isOfKeySet: boolean,
): KeyRecord => ({
  ...record,
  scopes: isOfKeySet ? record.scopes : scopes,
  disabled: record.disabled || disabled,
  ...(expires !== undefined && { expires: Math.min(expires, record.expires ?? expires) }),
})
