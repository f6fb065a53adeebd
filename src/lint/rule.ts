import type { Part, Place } from './part.ts'

/** `error`: a hole, or nothing works. `warning`: a trap. `note`: worth a look. */
export type Level = 'error' | 'warning' | 'note'

/** What a rule knows of a thing it looks for. The code is stable: it is never given to another rule. */
export interface RuleHead {
  readonly code: `BG${number}`
  readonly level: Level
  readonly title: string
  /** What happens otherwise, in one line. */
  readonly why: string
  /** What to do, in one line. */
  readonly fix: string
}

/** One place where a rule found what it looks for. */
export interface Found {
  readonly at: Part | Place
  /** What stands there, for people. */
  readonly what: string
  /** Where it is not the rule's own. */
  readonly level?: Level
}

/** One hole or trap, and how to find it in a view of the input. */
export interface Rule<View> extends RuleHead {
  readonly find: (view: View) => readonly Found[]
}

/** What is told to the user. */
export interface Finding extends Place {
  readonly code: string
  readonly level: Level
  readonly what: string
  readonly why: string
  readonly fix: string
}

/** Everything that these rules find in a view. */
export const applyRules = <View>(rules: readonly Rule<View>[], view: View): readonly Finding[] =>
  rules.flatMap(({ code, level, why, fix, find }) =>
    find(view).map((found) => ({
      code,
      level: found.level ?? level,
      ...('place' in found.at ? found.at.place() : found.at),
      what: found.what,
      why,
      fix,
    })),
  )
