import type { TestFn } from 'ava'
import { loadPolicies } from '../vectors/policy-file.ts'
import { createLimit } from './limit.ts'
import { playStep } from './play-step.ts'
import { loadScenarios, type Scenario } from './scenario-file.ts'
import { createStage } from './stage.ts'

/** So many gates run at a time: most of a scenario is waiting, but starting a process is not. */
const limit = createLimit(3)

/** Declares a test for each row of the file; each has a gate of its own. */
export const runScenarios = (test: TestFn, file: string): void => {
  for (const scenario of loadScenarios(file)) {
    test(`${scenario.id} ${scenario.title} (${scenario.source})`, async (t) => {
      t.timeout(120_000)
      t.deepEqual(await limit(() => playScenario(scenario)), [])
    })
  }
}

/** Takes the steps up to the first that gives cause for complaint. */
const playScenario = async ({ policy: name, steps }: Scenario): Promise<readonly string[]> => {
  const policy = loadPolicies().get(name)
  if (!policy) throw new Error(`there is no policy ${name}`)
  const stage = await createStage(policy)
  const complaints: string[] = []
  try {
    for (const [index, step] of steps.entries()) {
      const found = await playStep(step, stage)
      complaints.push(...found.map((complaint) => `step ${index + 1}: ${complaint}`))
      if (found.length > 0) break
    }
  } finally {
    complaints.push(...(await stage.close()))
  }
  return complaints
}
