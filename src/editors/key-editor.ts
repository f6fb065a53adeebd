import type { KeyEntry } from '../sources/key-entry.ts'

/** A key where it is kept. */
export interface HeldKey {
  readonly entry: KeyEntry
  /** The file, Secret or record, for people. */
  readonly origin: string
  /** When it was last used, RFC 3339 in UTC, where the source knows. */
  readonly lastUsed?: string
}

/** A key that is looked for, by its id or by the digest of a secret (64 hexadecimal digits). */
export type Wanted = { readonly id: string } | { readonly digest: string }

/** What became of a change: all of it is there, or nothing is and the reason says what to do. */
export type Edit =
  | { readonly kind: 'done'; readonly origin: string }
  | { readonly kind: 'refused'; readonly reason: string }

/** Changes the keys of one source, for the command line. A change is whole, and never undoes somebody else's. */
export interface KeyEditor {
  /** As the configuration names the source. */
  readonly name: string
  /** All keys. Where one alone is wanted, a source that would have to read very many may leave the others out. */
  readonly list: (wanted?: Wanted) => Promise<readonly HeldKey[]>
  /** What could not be read, in words for people: keys may be missing from the list. */
  readonly problems?: () => Promise<readonly string[]>
  /** Refused where the id is there already. */
  readonly add: (entry: KeyEntry) => Promise<Edit>
  /** Refused where there is no such id. `toEntry` may be called again when somebody else was faster. */
  readonly change: (id: string, toEntry: (entry: KeyEntry) => KeyEntry) => Promise<Edit>
  readonly remove: (id: string) => Promise<Edit>
  readonly close: () => Promise<void>
}
