import type { Fixtures } from './fixtures.ts'
import type { Image } from './make-image.ts'

/** What every part of the benchmark is given. */
export interface Bench {
  readonly fixtures: Fixtures
  /** The folder with the programs of bench/go. */
  readonly programs: string
  readonly image: Image
  /** How long each measurement counts. */
  readonly seconds: number
  readonly rounds: number
  /** Says to people what is under way. */
  readonly report: (line: string) => void
}

/** One part: measures, and gives Markdown. */
export type Part = (bench: Bench) => Promise<readonly string[]>
