/** What is wrong now, each under a name of what it is wrong with. */
export interface ProblemList {
  readonly add: (name: string, problem: string) => void
  readonly remove: (name: string) => void
  readonly clear: () => void
  readonly list: () => readonly string[]
}

const MAX_PROBLEMS = 20

/** Tells of each problem once, for as long as it stays. Keeps 20. */
export const createProblemList = (tell: (problem: string) => void): ProblemList => {
  const problems = new Map<string, string>()
  return {
    add: (name, problem) => {
      if (problems.get(name) === problem || (problems.size >= MAX_PROBLEMS && !problems.has(name))) return
      problems.set(name, problem)
      tell(`${name}: ${problem}`)
    },
    remove: (name) => void problems.delete(name),
    clear: () => problems.clear(),
    list: () => [...problems].map(([name, problem]) => `${name}: ${problem}`),
  }
}
