import test from 'ava'
import { createFloodGuard } from '../../src/lookup/flood-guard.ts'
import { createTokenBucket } from '../../src/lookup/token-bucket.ts'

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

test('RFC 7662 §4: unknown digests are asked for at a rate, and only so many at a time; known ones always', (t) => {
  let now = 0
  const floods: number[] = []
  const guard = createFloodGuard({
    ...{ perSecond: 5, atOnce: 2, max: 10 },
    onFlood: () => floods.push(now),
    now: () => now,
  })
  guard.enter('known')?.(true)
  const [first, second] = [guard.enter('a'), guard.enter('b')]
  t.is(guard.enter('c'), undefined, 'two are on the way')
  t.truthy(guard.enter('known'))
  t.true(guard.isFlooded())
  first?.(false)
  second?.(false)
  for (const digest of ['c', 'd', 'e']) guard.enter(digest)?.(false)
  t.is(guard.enter('f'), undefined, 'five in this second')
  t.truthy(guard.enter('known'))
  now += 200
  t.truthy(guard.enter('f'))
  t.deepEqual(floods, [0])
  now += 10_000
  t.false(guard.isFlooded())
})
