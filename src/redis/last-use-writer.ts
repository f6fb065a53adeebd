/** Gathers when keys were used, and writes it from time to time. */
export interface LastUseWriter {
  /** `time` is in milliseconds since the epoch. */
  readonly used: (id: string, time: number) => void
  /** Writes what is there, and nothing after that. */
  readonly close: () => Promise<void>
}

const INTERVAL_MILLISECONDS = 5_000
/** How many ids wait to be written; more are passed over until those are. */
const MAX_IDS = 10_000
const BATCH = 1_000

/** `write` takes at most 1,000 ids at once. What it could not write is written with the next. */
export const createLastUseWriter = (
  write: (times: readonly (readonly [id: string, time: number])[]) => Promise<void>,
  interval = INTERVAL_MILLISECONDS,
): LastUseWriter => {
  const times = new Map<string, number>()
  let isWriting = false
  const flush = async (): Promise<void> => {
    if (isWriting) return
    isWriting = true
    try {
      while (times.size > 0) {
        const batch = [...times].slice(0, BATCH)
        await write(batch)
        for (const [id, time] of batch) if (times.get(id) === time) times.delete(id)
      }
    } catch {
      // The next round comes.
    }
    isWriting = false
  }
  const timer = setInterval(() => void flush(), interval)
  timer.unref()
  return {
    used: (id, time) => {
      if (times.has(id) || times.size < MAX_IDS) times.set(id, time)
    },
    close: () => {
      clearInterval(timer)
      return flush()
    },
  }
}
