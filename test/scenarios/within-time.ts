import { setTimeout as sleep } from 'node:timers/promises'

/** Looks and says what it has to complain about; nothing if all is well. */
export type Look = () => Promise<readonly string[]>

/** How long a look is repeated, in seconds. Without either it is taken once. */
export interface Within {
  readonly eventually?: number | undefined
  readonly holds?: number | undefined
}

const PAUSE_MILLISECONDS = 100

/** Looks until there is no complaint (`eventually`), or as long as there is none (`holds`). */
export const lookWithin = async ({ eventually = 0, holds = 0 }: Within, look: Look): Promise<readonly string[]> => {
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1000
  let complaints = await look()
  while (complaints.length > 0 ? seconds() < eventually : seconds() < holds) {
    await sleep(PAUSE_MILLISECONDS)
    complaints = await look()
  }
  return complaints
}
