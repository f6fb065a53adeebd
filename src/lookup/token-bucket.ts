/** Allows a rate, and bursts of as much as one second brings. */
export interface TokenBucket {
  /** False when there is none left. */
  readonly take: () => boolean
  readonly giveBack: () => void
}

/** A bucket that starts full. `now` is in milliseconds. */
export const createTokenBucket = (perSecond: number, now: () => number): TokenBucket => {
  let tokens = perSecond
  let filledAt = now()
  return {
    take: () => {
      const time = now()
      tokens = Math.min(perSecond, tokens + ((time - filledAt) * perSecond) / 1_000)
      filledAt = time
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
    giveBack: () => {
      tokens = Math.min(perSecond, tokens + 1)
    },
  }
}
