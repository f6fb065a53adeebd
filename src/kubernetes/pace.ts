import type { FollowOptions } from './follow-secrets.ts'

const SECOND = 1_000

/**
 * How often to hear from the API, so that keys are never withheld while it is well: at least three times in `maxStale`
 * (milliseconds), else each 30 s. After an outage it is asked again within 10 s.
 */
export const toPace = (
  maxStale = Number.POSITIVE_INFINITY,
): Pick<FollowOptions, 'list' | 'watch' | 'grace' | 'greatestBackoff'> => {
  const watch = Math.max(SECOND, Math.min(30 * SECOND, Math.floor(maxStale / 4 / SECOND) * SECOND))
  return {
    list: Math.max(5 * SECOND, Math.min(15 * SECOND, maxStale / 2)),
    watch,
    grace: Math.min(watch, 5 * SECOND),
    greatestBackoff: Math.min(10 * SECOND, maxStale / 4),
  }
}
