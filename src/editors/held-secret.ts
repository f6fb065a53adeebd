import { parseDocument } from '../config/document.ts'
import type { Secret } from '../kubernetes/secret.ts'
import { parseAnnotations } from '../sources/key-annotations.ts'
import { type KeyEntry, keySetSchema } from '../sources/key-entry.ts'
import { isKeySetName, parseKeyFile } from '../sources/key-file.ts'
import { isKeyLinesName, toKeyEntries } from '../sources/key-lines.ts'
import type { HeldKey } from './key-editor.ts'

/** One entry of a Secret: a key set, a plain secret, or one with something wrong, which holds no keys. */
export interface HeldEntry {
  readonly secret: Secret
  readonly name: string
  /** namespace/Secret/entry. */
  readonly origin: string
  readonly kind: 'key_set' | 'plain' | 'broken'
  readonly text: string
  /** As the entry says it, before the annotations of the Secret. */
  readonly keys: readonly KeyEntry[]
  readonly problems: readonly string[]
}

/** The entries of a Secret by the rules of the gate. */
export const readHeldEntries = (secret: Secret): readonly HeldEntry[] =>
  Object.entries(secret.data ?? {})
    .filter(([name]) => !name.startsWith('.'))
    .map(([name, content]) => readEntry(secret, name, Buffer.from(content ?? '', 'base64')))

const readEntry = (secret: Secret, name: string, content: Buffer): HeldEntry => {
  const origin = `${secret.metadata.namespace}/${secret.metadata.name}/${name}`
  const entry = { secret, name, origin, text: content.toString() }
  const parsed = parseKeyFile(origin, content)
  if (parsed.kind === 'refused') return { ...entry, kind: 'broken', keys: [], problems: parsed.problems }
  if (!isKeySetName(name)) {
    const keys = parsed.records.map(({ id, digest }) => ({ id, digest: `sha256:${digest}` }))
    return { ...entry, kind: 'plain', keys, problems: [] }
  }
  if (isKeyLinesName(name)) return { ...entry, kind: 'key_set', keys: toKeyEntries(origin, content), problems: [] }
  const keySet = parseDocument(entry.text, keySetSchema)
  return { ...entry, kind: 'key_set', keys: keySet.kind === 'parsed' ? keySet.value.keys : [], problems: [] }
}

/** Its keys as they count: with what the annotations of the Secret say of them. */
export const toHeldKeys = ({ secret, origin, kind, keys }: HeldEntry): readonly HeldKey[] => {
  // A broken one takes no other down, in the gate as here.
  const annotations = parseAnnotations(secret.metadata.annotations ?? {})
  const { scopes = [], expires, disabled } = annotations.value
  return keys.map((key) => {
    const end = Math.min(
      expires ?? Number.POSITIVE_INFINITY,
      key.expires ? Date.parse(key.expires) : Number.POSITIVE_INFINITY,
    )
    const entry = {
      ...key,
      ...(kind === 'plain' && scopes.length > 0 && { scopes: [...scopes] }),
      ...(end === expires && { expires: new Date(end).toISOString() }),
      ...(disabled && { disabled }),
    }
    return { entry, origin }
  })
}
