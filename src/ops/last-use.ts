import { LRUCache } from 'lru-cache'
import { Gauge, type Registry } from 'prom-client'

/** So many key ids are remembered, those used last: a metric must not grow with the number of keys. */
const MAX_IDS = 1_000

/** Adds the time of last use by key id to the metrics; returns what is told of each use. Approximate, and cheap. */
export const registerLastUse = (registry: Registry, now: () => number): ((keyId: string) => void) => {
  const times = new LRUCache<string, number>({ max: MAX_IDS })
  new Gauge({
    name: 'bearergate_key_last_used_timestamp_seconds',
    aggregator: 'max',
    help: 'When a key was last let through, of the 1,000 ids used last, since the start of this process.',
    labelNames: ['key'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [key, seconds] of times.entries()) this.set({ key }, seconds)
    },
  })
  return (keyId) => {
    // Whole seconds: V8 keeps them in place, while each fraction would be an object that outlives its check.
    times.set(keyId, Math.floor(now() / 1000))
  }
}
