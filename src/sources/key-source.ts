import type { KeyRecord } from './key-record.ts'

/** Keys that come and go together: those of one file. */
export interface KeyGroup {
  /** Where they come from, for the log. */
  readonly origin: string
  readonly records: readonly KeyRecord[]
}

/** Where API keys come from. It keeps itself up to date until it is closed. */
export interface KeySource {
  readonly name: string
  /** False until the source was read once: then an unknown key cannot be judged. */
  readonly isLoaded: () => boolean
  readonly groups: () => readonly KeyGroup[]
  /** What is wrong with it now, in words for the log and `/readyz`. */
  readonly problems: () => readonly string[]
  readonly close: () => void
}
