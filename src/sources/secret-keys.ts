import type { Secret } from '../kubernetes/secret.ts'
import { type KeyAnnotations, parseAnnotations } from './key-annotations.ts'
import { isKeySetName, parseKeyFile } from './key-file.ts'
import type { KeyRecord } from './key-record.ts'
import type { KeyGroup } from './key-source.ts'

/** What is known of one Secret: the last good keys of its entries, and what is wrong with it now. */
export interface SecretKeys {
  readonly resourceVersion: string
  readonly groups: readonly KeyGroup[]
  readonly problems: readonly string[]
  /** As the entries say it, before the annotations. */
  readonly entries: ReadonlyMap<string, readonly KeyRecord[]>
}

/**
 * The keys of a Secret, by the rules of a key folder: an entry is what a file is there. A broken entry keeps its last
 * good keys; with a broken annotation all of them do.
 */
export const toSecretKeys = (secret: Secret, known?: SecretKeys): SecretKeys => {
  const { namespace, name, resourceVersion } = secret.metadata
  if (known?.resourceVersion === resourceVersion) return known
  const place = `${namespace}/${name}`
  const annotations = parseAnnotations(secret.metadata.annotations ?? {})
  if (annotations.kind === 'refused') {
    const problems = annotations.problems.map((problem) => `${place}: ${problem}`)
    return { groups: [], entries: new Map(), ...known, resourceVersion, problems }
  }
  const entries = new Map<string, readonly KeyRecord[]>()
  const problems: string[] = []
  for (const [entry, content] of Object.entries(secret.data ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (entry.startsWith('.')) continue
    const parsed = parseKeyFile(`${place}/${entry}`, Buffer.from(content ?? '', 'base64'))
    if (parsed.kind === 'refused') problems.push(...parsed.problems)
    entries.set(entry, parsed.kind === 'parsed' ? parsed.records : (known?.entries.get(entry) ?? []))
  }
  const groups = [...entries].map(([entry, records]) => ({
    origin: `${place}/${entry}`,
    records: records.map((record) => annotate(record, annotations.value, isKeySetName(entry))),
  }))
  return { resourceVersion, groups, problems, entries }
}

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
