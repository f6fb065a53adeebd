import { setTimeout as sleep } from 'node:timers/promises'

/** Asks again every 20 ms until there is an answer, and gives that; fails after `milliseconds`. */
export const waitFor = async <T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  milliseconds = 30_000,
): Promise<T> => {
  const end = performance.now() + milliseconds
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms: ${what}`)
    await sleep(20)
  }
}
