import type { ExecutionContext } from 'ava'
import { redisSource } from '../../src/config/redis-source-schema.ts'
import { toDigest } from '../../src/key/digest.ts'
import type { KeyEntry } from '../../src/sources/key-entry.ts'
import type { KeySource } from '../../src/sources/key-source.ts'
import { createRedisSource } from '../../src/sources/redis-source.ts'
import { createRecorder, type Recorder } from '../fixtures/recorder.ts'
import type { RedisServer } from './start-redis.ts'

export const secretOf = (id: string): string => `the-secret-of-${id}-0123456789`
export const digestOf = (id: string): string => toDigest(secretOf(id))
export const nameOf = (id: string): string => `bearergate:key:${digestOf(id)}`

export const toEntry = (id: string, more: Partial<KeyEntry> = {}): KeyEntry => ({
  id,
  digest: `sha256:${digestOf(id)}`,
  ...more,
})

/** The command that writes an entry, as another program would. */
export const toSet = (entry: KeyEntry): readonly [string, string, string] => [
  'SET',
  `bearergate:key:${entry.digest.slice('sha256:'.length)}`,
  JSON.stringify(entry),
]

/** An open source, and what it says about the secret of that name in one word: its id, or the kind of the answer. */
export interface Opened extends Recorder {
  readonly source: KeySource
  readonly ask: (id: string, deadline?: number) => Promise<string>
}

/** Opens a source with these settings, until the test ends. */
export const openSource = async (t: ExecutionContext, settings: object): Promise<Opened> => {
  const recorder = createRecorder()
  const source = await createRedisSource(redisSource.parse(settings), recorder.observer)
  t.teardown(source.close)
  return {
    ...recorder,
    source,
    ask: async (id, deadline) => {
      const lookup = await source.lookUp?.(digestOf(id), deadline)
      return lookup?.kind === 'found' ? lookup.record.id : (lookup?.kind ?? 'nothing')
    },
  }
}

/** Waits until the condition holds, and says how many milliseconds that took; it gives up after 10 s. */
export const measure = async (holds: () => Promise<boolean>): Promise<number> => {
  const start = performance.now()
  while (!(await holds())) {
    if (performance.now() - start > 10_000) return Number.POSITIVE_INFINITY
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return performance.now() - start
}

/** How often a record was read there. */
export const countReads = async ({ send }: Pick<RedisServer, 'send'>): Promise<number> => {
  const text = String(await send('INFO', 'commandstats'))
  return Number(/cmdstat_getrange:calls=(\d+)/.exec(text)?.[1] ?? 0)
}
