/** What the names in Redis are. */
export interface KeyNames {
  /** The record of a secret, by its digest in hexadecimal. */
  readonly toRecordName: (digest: string) => string
  /** The digest in the name of a record; undefined when it is the name of something else. */
  readonly toDigest: (name: string) => string | undefined
  /** Points to the record of a key id. */
  readonly toIdName: (id: string) => string
  /** A sorted set: when each id was last used, in milliseconds since the epoch. */
  readonly lastUse: string
  /** Matches the names of all records, for SCAN. */
  readonly recordPattern: string
}

/** The names that start with a prefix, which holds no character that is special in a pattern. */
export const toKeyNames = (prefix: string): KeyNames => ({
  toRecordName: (digest) => `${prefix}key:${digest}`,
  toDigest: (name) => {
    const digest = name.startsWith(`${prefix}key:`) ? name.slice(prefix.length + 'key:'.length) : ''
    return /^[0-9a-f]{64}$/.test(digest) ? digest : undefined
  },
  toIdName: (id) => `${prefix}id:${id}`,
  lastUse: `${prefix}last-use`,
  recordPattern: `${prefix}key:*`,
})
