import type { ExpiringKey } from '../ops/expiring-key.ts'
import type { KeyRecord } from './key-record.ts'
import type { PackedKeys } from './packed-keys.ts'

/** Keys that come and go together: those of one file. */
export interface KeyGroup {
  /** Where they come from, for the log. */
  readonly origin: string
  readonly records: readonly KeyRecord[]
  /** True while they cannot be judged: they keep their ids, and no secret finds them. */
  readonly isWithheld?: boolean
}

/** A group in memory that threads share. */
export interface PackedGroup extends Omit<KeyGroup, 'records'> {
  readonly packed: readonly PackedKeys[]
}

/** What a source that is asked key by key says about a digest. */
export type KeyLookup =
  | { readonly kind: 'found'; readonly record: KeyRecord }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable' }

/** Where API keys come from. It keeps itself up to date until it is closed. */
export interface KeySource {
  readonly name: string
  /** False until the source was read once, and while its keys are withheld: then an unknown key cannot be judged. */
  readonly isLoaded: () => boolean
  readonly groups: () => readonly (KeyGroup | PackedGroup)[]
  /** What is wrong with it now, in words for the log and `/readyz`. */
  readonly problems: () => readonly string[]
  /**
   * For sources that hold too many keys to list: asked about a digest that no group has. It answers before `deadline`
   * (milliseconds since the epoch), and never rejects.
   */
  readonly lookUp?: (digest: string, deadline: number | undefined) => Promise<KeyLookup>
  /** Told of each key that `lookUp` gave and that was good, at that time (milliseconds since the epoch). Cheap. */
  readonly used?: (record: KeyRecord, time: number) => void
  /** For such sources: when keys expire that it was asked for. */
  readonly expiring?: () => readonly ExpiringKey[]
  /** Milliseconds since it last agreed with a place that can be away; undefined before the first time. */
  readonly age?: () => number | undefined
  readonly close: () => void
}
