import type { KeyEntry } from '../sources/key-entry.ts'

export interface Rotation {
  /** Of the new secret, with its `sha256:`. */
  readonly digest: string
  /** How long the old secret stays good, in milliseconds. With 0 the new secret is the only one. */
  readonly overlap: number
  /** RFC 3339: when the key shall expire from now on. Without it that stays as it is. */
  readonly expires?: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Gives a key another secret. Replaced secrets that are past their time go; none lives longer than it would have. */
export const rotateEntry = (entry: KeyEntry, { digest, overlap, expires, now }: Rotation): KeyEntry => {
  const { previous = [], ...rest } = entry
  const end = Math.min(
    now + overlap,
    entry.expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(entry.expires),
  )
  const replaced = [{ digest: entry.digest, expires: new Date(end).toISOString() }, ...previous]
  const living = overlap === 0 ? [] : replaced.filter((secret) => Date.parse(secret.expires) > now)
  return { ...rest, digest, ...(expires && { expires }), ...(living.length > 0 && { previous: living }) }
}
