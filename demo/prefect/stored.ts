import { setTimeout as sleep } from 'node:timers/promises'
import { sendProbe } from './probes.ts'
import type { PrefectStack } from './stack.ts'

/** What a Prefect server has stored. Task runs and events reach it over websockets only. */
export interface Stored {
  readonly flowRuns: number
  readonly taskRuns: number
  readonly events: number
}

/** Asks with the key until there are as many task runs and any event, for 30 s at most: the server stores them in batches. */
export const waitForStored = async (stack: PrefectStack, taskRuns: number): Promise<Stored> => {
  const deadline = performance.now() + 30_000
  for (;;) {
    const stored = await countStored(stack)
    if ((stored.taskRuns >= taskRuns && stored.events > 0) || performance.now() > deadline) return stored
    await sleep(250)
  }
}

const countStored = async (stack: PrefectStack): Promise<Stored> => {
  const [flowRuns, taskRuns, { total }] = await Promise.all([
    askPrefect<number>(stack, '/api/flow_runs/count'),
    askPrefect<number>(stack, '/api/task_runs/count'),
    askPrefect<{ total: number }>(stack, '/api/events/filter'),
  ])
  return { flowRuns, taskRuns, events: total }
}

const askPrefect = async <T>(stack: PrefectStack, path: string): Promise<T> => {
  const headers = { 'content-type': 'application/json' }
  const { body } = await sendProbe(stack, { host: 'api', method: 'POST', path, headers, withKey: true })
  return JSON.parse(body) as T
}
