/** Measures each subject once a round, so that what disturbs the machine for a while disturbs them all. */
export const measureInRounds = async <Subject, Result>(
  subjects: readonly Subject[],
  rounds: number,
  measure: (subject: Subject, round: number) => Promise<Result>,
): Promise<(subject: Subject) => readonly Result[]> => {
  const results = new Map(subjects.map((subject) => [subject, [] as Result[]]))
  for (let round = 1; round <= rounds; round += 1) {
    for (const [subject, list] of results) list.push(await measure(subject, round))
  }
  return (subject) => results.get(subject) ?? []
}

/** The middle one of several values; of an even number the upper of the two. */
export const medianOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** The round in which a check cost least: the one that other programs disturbed least. */
export const cheapestOf = <Result extends { readonly cpu: number }>(results: readonly Result[]): Result => {
  const [first, ...others] = results
  if (!first) throw new Error('nothing was measured')
  return others.reduce((least, one) => (one.cpu < least.cpu ? one : least), first)
}
