import test from 'ava'
import { createLookupCache } from '../../src/lookup/lookup-cache.ts'

const A = 'a'.repeat(64)
const B = 'b'.repeat(64)

type Answer = { readonly kind: 'present'; readonly name: string } | { readonly kind: 'absent' | 'unavailable' }

const TTL = { present: 60_000, absent: 10_000, unavailable: 0 }

const makeCache = (ask: (digest: string) => Promise<Answer>, max = 10) => {
  const clock = { now: 1_000 }
  const cache = createLookupCache<Answer>({
    max,
    maxLoads: 1_000,
    keep: ({ kind }) => (kind === 'unavailable' ? undefined : { kind, ttl: TTL[kind] }),
    now: () => clock.now,
  })
  return { clock, cache: { ...cache, load: (digest: string) => cache.load(digest, () => ask(digest)) } }
}

test('an answer is got once for all who ask at once, and kept for its time', async (t) => {
  let asked = 0
  const { cache, clock } = makeCache(async () => {
    asked += 1
    return { kind: 'present', name: B }
  })
  await Promise.all([cache.load(A), cache.load(A), cache.load(A)])
  t.is(asked, 1)
  t.deepEqual(cache.find(A), { kind: 'present', name: B })
  clock.now += 60_001
  t.is(cache.find(A), undefined)
})

test('a change that arrives while an answer is on its way: it is not kept, and those who come later ask anew', async (t) => {
  const answers = [Promise.withResolvers<Answer>(), Promise.withResolvers<Answer>()]
  let asked = 0
  const { cache } = makeCache(() => answers[asked++]?.promise ?? Promise.resolve({ kind: 'absent' }))
  const first = cache.load(A)
  cache.forget(A)
  const second = cache.load(A)
  answers[0]?.resolve({ kind: 'present', name: A })
  t.deepEqual(await first, { kind: 'present', name: A })
  t.is(cache.find(A), undefined)
  answers[1]?.resolve({ kind: 'present', name: B })
  await second
  t.deepEqual(cache.find(A), { kind: 'present', name: B })
})

test('absent answers push no present one out, have a time of their own, and an outage is not kept', async (t) => {
  const answers = new Map<string, Answer>([
    [A, { kind: 'present', name: B }],
    [B, { kind: 'unavailable' }],
  ])
  const { cache, clock } = makeCache(async (digest) => answers.get(digest) ?? { kind: 'absent' }, 2)
  for (const digest of [A, B, 'x', 'y', 'z']) await cache.load(digest)
  t.deepEqual(cache.find(A), { kind: 'present', name: B })
  t.is(cache.find(B), undefined)
  t.is(cache.find('x'), undefined)
  t.deepEqual(cache.find('z'), { kind: 'absent' })
  clock.now += 10_001
  t.is(cache.find('z'), undefined)
  await cache.load('z')
  cache.forgetAbsent()
  t.is(cache.find('z'), undefined)
  t.deepEqual(cache.find(A), { kind: 'present', name: B })
  cache.forgetAll()
  t.is(cache.find(A), undefined)
})

test('a thousand questions under way are enough: one more gets no answer', async (t) => {
  const never = Promise.withResolvers<Answer>()
  const { cache } = makeCache(() => never.promise)
  for (let index = 0; index < 1_000; index += 1) void cache.load(`d${index}`)
  t.is(await cache.load('one more'), undefined)
})
