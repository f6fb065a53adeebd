import type { KeyRecord } from './key-record.ts'

/** Keys that come and go together: those of one file. */
export interface KeyGroup {
  /** Where they come from, for the log. */
  readonly origin: string
  readonly records: readonly KeyRecord[]
}

/** What a source that is asked key by key says about a digest. */
export type KeyLookup =
  | { readonly kind: 'found'; readonly record: KeyRecord }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable' }

/** Where API keys come from. It keeps itself up to date until it is closed. */
export interface KeySource {
  readonly name: string
  /** False until the source was read once: then an unknown key cannot be judged. */
  readonly isLoaded: () => boolean
  readonly groups: () => readonly KeyGroup[]
  /** What is wrong with it now, in words for the log and `/readyz`. */
  readonly problems: () => readonly string[]
  /**
   * For sources that hold too many keys to list: asked about a digest that no group has. It answers before `deadline`
   * (milliseconds since the epoch), and never rejects.
   */
  readonly lookUp?: (digest: string, deadline: number | undefined) => Promise<KeyLookup>
  readonly close: () => void
}
