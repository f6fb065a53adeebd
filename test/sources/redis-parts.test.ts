import test from 'ava'
import { createLastUseWriter } from '../../src/redis/last-use-writer.ts'
import { createProblemList } from '../../src/redis/problem-list.ts'
import { createRecordCache, type ReadRecord } from '../../src/redis/record-cache.ts'
import { parseRecord } from '../../src/redis/stored-record.ts'
import { createTokenBucket } from '../../src/redis/token-bucket.ts'
import type { KeyLookup } from '../../src/sources/key-source.ts'
import { refuseOwned } from '../../src/sources/refuse-owned.ts'
import { eventually } from '../fixtures/eventually.ts'

const A = 'a'.repeat(64)
const B = 'b'.repeat(64)

test('a record is a key with its digest, a pointer, or broken, and never more than that', (t) => {
  const entry = {
    id: 'ci',
    digest: `sha256:${A}`,
    previous: [{ digest: `sha256:${B}`, expires: '2030-01-01T00:00:00Z' }],
  }
  const record = parseRecord(A, JSON.stringify(entry))
  t.is(record.kind, 'entry')
  t.deepEqual(record.kind === 'entry' && [...record.records.keys()], [A, B])
  t.deepEqual(parseRecord(B, `sha256:${A}`), { kind: 'replaced', by: A })
  t.deepEqual(parseRecord(A, ''), { kind: 'absent' })
  for (const [text, problem] of [
    ['sha256:', 'it is no JSON'],
    ['null', 'it is no key: Invalid input: expected object, received null'],
    ['[]', 'it is no key: Invalid input: expected object, received array'],
    [JSON.stringify({ ...entry, digest: `sha256:${B}` }), 'digest: it is not the one in its name'],
    [JSON.stringify({ ...entry, id: 'a\nb' }), 'id: an id is 1 to 128 visible ASCII characters with inner spaces'],
    [JSON.stringify({ ...entry, disabled: 'no' }), 'disabled: Invalid input: expected boolean, received string'],
    [JSON.stringify({ ...entry, note: 'x'.repeat(70_000) }), 'it is longer than 65536 bytes'],
  ] as const) {
    t.deepEqual(parseRecord(A, text), { kind: 'broken', problem }, text.slice(0, 80))
  }
})

const makeCache = (read: (digest: string) => Promise<ReadRecord>, max = 10) => {
  const clock = { now: 1_000 }
  return { clock, cache: createRecordCache({ max, ttl: 60_000, absentTtl: 10_000, now: () => clock.now, read }) }
}

test('a record is read once by all who ask at once, and kept for its time', async (t) => {
  let reads = 0
  const { cache, clock } = makeCache(async () => {
    reads += 1
    return { kind: 'replaced', by: B }
  })
  await Promise.all([cache.load(A), cache.load(A), cache.load(A)])
  t.is(reads, 1)
  t.deepEqual(cache.find(A), { kind: 'replaced', by: B })
  clock.now += 60_001
  t.is(cache.find(A), undefined)
})

test('a change that arrives while a record is read: what was read is not kept, and those who come later read anew', async (t) => {
  const answers = [Promise.withResolvers<ReadRecord>(), Promise.withResolvers<ReadRecord>()]
  let reads = 0
  const { cache } = makeCache(() => answers[reads++]?.promise ?? Promise.resolve({ kind: 'absent' }))
  const first = cache.load(A)
  cache.forget(A)
  const second = cache.load(A)
  answers[0]?.resolve({ kind: 'replaced', by: A })
  t.deepEqual(await first, { kind: 'replaced', by: A })
  t.is(cache.find(A), undefined)
  answers[1]?.resolve({ kind: 'replaced', by: B })
  await second
  t.deepEqual(cache.find(A), { kind: 'replaced', by: B })
})

test('absent records push no present one out, have a time of their own, and an outage is not kept', async (t) => {
  const answers = new Map<string, ReadRecord>([
    [A, { kind: 'replaced', by: B }],
    [B, { kind: 'unavailable' }],
  ])
  const { cache, clock } = makeCache(async (digest) => answers.get(digest) ?? { kind: 'absent' }, 2)
  for (const digest of [A, B, 'x', 'y', 'z']) await cache.load(digest)
  t.deepEqual(cache.find(A), { kind: 'replaced', by: B })
  t.is(cache.find(B), undefined)
  t.is(cache.find('x'), undefined)
  t.deepEqual(cache.find('z'), { kind: 'absent' })
  clock.now += 10_001
  t.is(cache.find('z'), undefined)
  await cache.load('z')
  cache.forgetAbsent()
  t.is(cache.find('z'), undefined)
  t.deepEqual(cache.find(A), { kind: 'replaced', by: B })
  cache.forgetAll()
  t.is(cache.find(A), undefined)
})

test('a thousand reads under way are enough: one more is an outage', async (t) => {
  const never = Promise.withResolvers<ReadRecord>()
  const { cache } = makeCache(() => never.promise)
  for (let index = 0; index < 1_000; index += 1) void cache.load(`d${index}`)
  t.deepEqual(await cache.load('one more'), { kind: 'unavailable' })
})

test('a bucket gives its rate, no more than a second of it at once, and takes back', (t) => {
  let now = 0
  const bucket = createTokenBucket(10, () => now)
  const takeAll = (): number => {
    let count = 0
    while (bucket.take()) count += 1
    return count
  }
  t.is(takeAll(), 10)
  now += 250
  t.is(takeAll(), 2)
  bucket.giveBack()
  t.is(takeAll(), 1)
  now += 60_000
  t.is(takeAll(), 10)
})

test('the last use: the newest time of each id is written, again after a failure, and at the end', async (t) => {
  const written: (readonly (readonly [string, number])[])[] = []
  let fails = true
  const writer = createLastUseWriter(async (times) => {
    if (fails) throw new Error('away')
    written.push(times)
  }, 20)
  writer.used('ci', 1)
  await new Promise((resolve) => setTimeout(resolve, 60))
  writer.used('ci', 2)
  writer.used('cd', 3)
  fails = false
  t.true(await eventually(() => written.length === 1))
  t.deepEqual(written, [
    [
      ['ci', 2],
      ['cd', 3],
    ],
  ])
  writer.used('ci', 4)
  await writer.close()
  t.deepEqual(written[1], [['ci', 4]])
})

test('twelve thousand ids in use: ten thousand are written, a thousand at once', async (t) => {
  const sizes: number[] = []
  const writer = createLastUseWriter(async (times) => {
    sizes.push(times.length)
  })
  for (let index = 0; index < 12_000; index += 1) writer.used(`k${index}`, index)
  await writer.close()
  t.deepEqual(
    sizes,
    Array.from({ length: 10 }, () => 1_000),
  )
})

test('a problem is told once for as long as it stays, and twenty are kept', (t) => {
  const told: string[] = []
  const problems = createProblemList((problem) => told.push(problem))
  for (const text of ['x', 'x', 'y']) problems.add('a', text)
  problems.remove('a')
  problems.add('a', 'y')
  t.deepEqual(told, ['a: x', 'a: y', 'a: y'])
  for (let index = 0; index < 30; index += 1) problems.add(`b${index}`, 'z')
  t.is(problems.list().length, 20)
  t.is(told.length, 3 + 19)
  problems.clear()
  t.deepEqual(problems.list(), [])
})

test('a key that was looked up is refused when its id stands in a source that is held', async (t) => {
  const told: string[] = []
  const answer: KeyLookup = { kind: 'found', record: { id: 'ci', digest: A, scopes: [], disabled: false } }
  const owners = new Map<string, string>()
  const lookUp = refuseOwned(
    async () => answer,
    () => owners,
    (problem) => told.push(problem),
  )
  t.is(await lookUp?.(A, undefined), answer)
  owners.set('ci', '/keys/team.yaml')
  t.deepEqual(await lookUp?.(A, undefined), { kind: 'unknown' })
  t.deepEqual(await lookUp?.(A, undefined), { kind: 'unknown' })
  t.deepEqual(told, ['a key that was looked up is refused: its id ci stands in /keys/team.yaml already'])
})
