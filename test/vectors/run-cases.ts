import type { TestFn } from 'ava'
import { type Case, loadCases } from './case-file.ts'
import { judgeCase, type Subject } from './judge-case.ts'
import { loadPolicies, type PolicyFixture } from './policy-file.ts'

/** A subject, and how to end it. `findLeaks` looks through all that it has shown beside its answers. */
export interface OpenSubject extends Subject {
  readonly findLeaks?: () => Promise<readonly string[]>
  readonly close: () => Promise<void>
}

/** A row as one way to ask has it; or why it cannot be asked that way. */
export type AdaptRow = (row: Case) => Case | { readonly reason: string }

/** Declares a test for each row that can be asked so, with one subject for each policy. */
export const runCases = (
  test: TestFn,
  open: (policy: PolicyFixture) => Promise<OpenSubject>,
  adapt: AdaptRow = (row) => row,
): void => {
  const cases = new Map(loadCases().map((row) => [row.id, row]))
  const policies = loadPolicies()
  const subjects = new Map<string, Promise<OpenSubject>>()
  const find = (name: string): Promise<OpenSubject> => {
    const policy = policies.get(name)
    if (!policy) throw new Error(`there is no policy ${name}`)
    const subject = subjects.get(name) ?? open(policy)
    subjects.set(name, subject)
    return subject
  }

  for (const original of cases.values()) {
    const row = adapt(original)
    if ('reason' in row) continue
    // One after the other: a busy event loop would look like a slow issuer.
    test.serial(`${row.id} ${row.title} (${row.source})`, async (t) => {
      const subject = await find(row.policy)
      const other = 'sameAs' in row.expect && row.expect.sameAs ? cases.get(row.expect.sameAs)?.check : undefined
      for (const form of row.forms) t.deepEqual(await judgeCase(row, form, subject, other), [], `in the ${form} form`)
    })
  }

  test.after.always('nothing but the answers tells a secret', async (t) => {
    const opened = await Promise.all(subjects.values())
    const leaks = await Promise.all(opened.map(async (subject) => (await subject.findLeaks?.()) ?? []))
    await Promise.all(opened.map((subject) => subject.close()))
    t.deepEqual(leaks.flat(), [])
  })
}
