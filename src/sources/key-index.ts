import type { KeyRecord } from './key-record.ts'
import type { KeyGroup } from './key-source.ts'

/** All keys of all sources, found by digest. */
export interface KeyIndex {
  readonly byDigest: ReadonlyMap<string, KeyRecord>
  /** Which origin has an id. */
  readonly owners: ReadonlyMap<string, string>
  /** Records that were left out, in words. */
  readonly problems: readonly string[]
}

export const EMPTY_INDEX: KeyIndex = { byDigest: new Map(), owners: new Map(), problems: [] }

/**
 * Adds groups up in their order. An id belongs to the origin that had it before, else to the first: a second record of
 * that id is refused and takes nothing from the first. Of one secret under two ids the first record answers.
 */
export const toKeyIndex = (groups: readonly KeyGroup[], before: KeyIndex): KeyIndex => {
  const owners = new Map<string, string>()
  for (const { origin, records } of groups) {
    for (const { id } of records) if (before.owners.get(id) === origin) owners.set(id, origin)
  }
  const byDigest = new Map<string, KeyRecord>()
  const problems: string[] = []
  for (const { origin, records, isWithheld = false } of groups) {
    for (const record of records) {
      const owner = owners.get(record.id) ?? origin
      owners.set(record.id, owner)
      if (owner !== origin)
        problems.push(`${origin}: the key id ${record.id} is refused: it stands in ${owner} already`)
      else if (!isWithheld && !byDigest.has(record.digest)) byDigest.set(record.digest, record)
    }
  }
  return { byDigest, owners, problems }
}
