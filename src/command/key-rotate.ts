import { rotateEntry } from '../editors/rotate-entry.ts'
import { toStoredDigest } from '../key/digest.ts'
import { mintSecret } from '../key/mint.ts'
import type { KeyEntry } from '../sources/key-entry.ts'
import { editKey, type KeyChoice } from './edit-key.ts'
import { toSecretText } from './key-new.ts'
import type { Report } from './report.ts'

export interface KeyRotateOptions extends KeyChoice {
  /** How long the old secret stays good, in milliseconds. */
  readonly overlap: number
  /** RFC 3339: when the key expires from now on. */
  readonly expires?: string
}

/** Gives a key another secret, which goes to standard error alone. */
export const runKeyRotate = ({ overlap, expires, ...choice }: KeyRotateOptions, now: number): Promise<Report> => {
  const secret = mintSecret()
  const rotation = { digest: toStoredDigest(secret), overlap, now, ...(expires !== undefined && { expires }) }
  let entry: KeyEntry | undefined
  const rotate = (before: KeyEntry): KeyEntry => {
    entry = rotateEntry(before, rotation)
    return entry
  }
  return editKey(
    choice,
    (editor) => editor.change(choice.id, rotate),
    (origin) => ({
      err: [toSecretText(choice.id, secret), ...toWarning(entry, now)].join('\n'),
      out: `${choice.id}: rotated in ${origin}. ${toOldText(entry)}`,
    }),
  )
}

const toOldText = (entry: KeyEntry | undefined): string => {
  const ends = entry?.previous?.map(({ expires }) => expires) ?? []
  return ends.length === 0 ? 'No old secret is good any more.' : `Old secrets are good until ${ends.join(', ')}.`
}

const toWarning = (entry: KeyEntry | undefined, now: number): readonly string[] => {
  if (entry?.disabled) return ['The key is disabled: the new secret passes after bearergate key enable.']
  if (entry?.expires === undefined || Date.parse(entry.expires) > now) return []
  return [`The key expired at ${entry.expires}: the new secret passes with a new time, --expires 90d.`]
}
