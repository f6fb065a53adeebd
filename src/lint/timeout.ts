import { parseDuration } from './duration.ts'
import type { Part } from './part.ts'
import type { Found } from './rule.ts'

/** A request waits up to 400 ms for a signing key that was never seen before. */
const LEAST = 500
const MOST = 5_000

/** What is wrong with how long a proxy waits for the gate. */
export const findBadTimeout = (at: Part, missing: string): readonly Found[] => {
  const timeout = parseDuration(at.text)
  if (!at.isThere) return [{ at, what: `not set: ${missing}` }]
  if (timeout === undefined) return [{ at, what: `${at.text} is no duration` }]
  if (timeout === 0) return [{ at, what: 'no time-out at all' }]
  if (timeout < LEAST) return [{ at, what: `${at.text} is short` }]
  return timeout > MOST ? [{ at, what: `${at.text} is long` }] : []
}
