/** So many problems of one kind are told; of the rest the number. */
const MAX_PROBLEMS = 100

export interface ProblemCap {
  /** Makes the text only if it will be told. */
  readonly add: (toText: () => string) => void
  readonly isFull: () => boolean
  readonly list: () => readonly string[]
}

/** A list of problems that does not grow with the number of keys. */
export const capProblems = (): ProblemCap => {
  const told: string[] = []
  let others = 0
  return {
    add: (toText) => {
      if (told.length < MAX_PROBLEMS) told.push(toText())
      else others += 1
    },
    isFull: () => told.length >= MAX_PROBLEMS,
    list: () => (others > 0 ? [...told, `… and ${others} more like these`] : told),
  }
}
