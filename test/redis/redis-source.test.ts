import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { eventually } from '../fixtures/eventually.ts'
import { countReads, digestOf, measure, nameOf, openSource, toEntry, toSet } from './open-source.ts'
import { startRedis } from './start-redis.ts'

test.serial('a key is found by its digest, with all that its record says, and asked for once', async (t) => {
  const redis = await startRedis(t)
  await redis.send(
    ...toSet(toEntry('ci', { scopes: ['flow.read'], expires: '2030-01-31T00:00:00Z', claims: { owner: 'a' } })),
  )
  const { source, ask, keyLookups } = await openSource(t, { url: redis.url })
  const lookups = await Promise.all([1, 2, 3].map(() => source.lookUp?.(digestOf('ci'), undefined)))
  t.deepEqual(lookups[0], {
    kind: 'found',
    record: {
      id: 'ci',
      digest: digestOf('ci'),
      scopes: ['flow.read'],
      disabled: false,
      expires: Date.parse('2030-01-31T00:00:00Z'),
      claims: new Map([['owner', 'a']]),
    },
  })
  t.is(await ask('ci'), 'ci')
  t.is(await ask('other'), 'unknown')
  t.deepEqual(
    keyLookups.slice(-3),
    ['found', 'remembered', 'unknown'].map((result) => `${source.name} ${result}`),
  )
  t.is(await countReads(redis), 2)
  t.true(source.isLoaded())
  t.deepEqual(source.problems(), [])
})

test.serial(
  'a key that expires is told of once it was asked for, until its record changes; a replaced secret is not',
  async (t) => {
    const redis = await startRedis(t)
    const expires = '2030-01-31T00:00:00Z'
    const previous = [{ digest: `sha256:${digestOf('before')}`, expires: '2029-01-31T00:00:00Z' }]
    await redis.send(...toSet(toEntry('ci', { expires, previous })))
    await redis.send('SET', nameOf('before'), `sha256:${digestOf('ci')}`)
    const { source, ask } = await openSource(t, { url: redis.url })
    t.is(await ask('before'), 'ci')
    t.deepEqual(source.expiring?.(), [])
    t.is(await ask('ci'), 'ci')
    t.deepEqual(source.expiring?.(), [{ id: 'ci', expires: Date.parse(expires) }])
    await redis.send('DEL', nameOf('ci'))
    t.true(await eventually(() => source.expiring?.().length === 0))
  },
)

test.serial('an unknown key is remembered as unknown, until it is written', async (t) => {
  const redis = await startRedis(t)
  const { ask } = await openSource(t, { url: redis.url })
  t.deepEqual([await ask('ci'), await ask('ci'), await ask('ci')], ['unknown', 'unknown', 'unknown'])
  t.is(await countReads(redis), 1)
  await redis.send(...toSet(toEntry('ci')))
  t.true((await measure(async () => (await ask('ci')) === 'ci')) < 1_000)
})

test.serial('a revocation, a change and FLUSHALL take effect within a second on each of two gates', async (t) => {
  const redis = await startRedis(t)
  await redis.send(...toSet(toEntry('ci')))
  const gates = [await openSource(t, { url: redis.url }), await openSource(t, { url: redis.url })]
  const measureAll = async (expected: string): Promise<number> =>
    Math.max(...(await Promise.all(gates.map(({ ask }) => measure(async () => (await ask('ci')) === expected)))))
  t.true((await measureAll('ci')) < 1_000)
  const times: number[] = []
  for (let round = 0; round < 20; round += 1) {
    await redis.send('DEL', nameOf('ci'))
    times.push(await measureAll('unknown'))
    await redis.send(...toSet(toEntry('ci')))
    times.push(await measureAll('ci'))
  }
  await redis.send('FLUSHALL')
  times.push(await measureAll('unknown'))
  t.log(`slowest of ${times.length} changes: ${Math.max(...times).toFixed(1)} ms`)
  t.true(Math.max(...times) < 1_000)
})

test.serial('a replaced secret leads to the key that replaced it, and goes with it', async (t) => {
  const redis = await startRedis(t)
  const { source, ask } = await openSource(t, { url: redis.url })
  const expires = '2030-01-02T00:00:00Z'
  await redis.send(...toSet(toEntry('new', { id: 'ci', previous: [{ digest: `sha256:${digestOf('old')}`, expires }] })))
  await redis.send('SET', nameOf('old'), `sha256:${digestOf('new')}`)
  const lookup = await source.lookUp?.(digestOf('old'), undefined)
  t.is(lookup?.kind === 'found' && lookup.record.expires, Date.parse(expires))
  t.deepEqual([await ask('old'), await ask('new')], ['ci', 'ci'])

  // The record no longer names it: what points there says nothing.
  await redis.send(...toSet(toEntry('new', { id: 'ci' })))
  t.true((await measure(async () => (await ask('old')) === 'unknown')) < 1_000)
  t.is(await ask('new'), 'ci')
  await redis.send('DEL', nameOf('new'))
  t.true((await measure(async () => (await ask('new')) === 'unknown')) < 1_000)
})

test.serial('a record of the wrong shape lets nobody in, is named, and takes no other key down', async (t) => {
  const redis = await startRedis(t)
  const { source, ask, reloads } = await openSource(t, { url: redis.url })
  await redis.send('SET', nameOf('junk'), '\x00\xffjunk')
  await redis.send('SET', nameOf('field'), JSON.stringify({ ...toEntry('field'), scope: 'x' }))
  await redis.send('SET', nameOf('other'), JSON.stringify(toEntry('good')))
  await redis.send('SET', nameOf('long'), 'x'.repeat(70_000))
  await redis.send('HSET', nameOf('hash'), 'id', 'hash')
  await redis.send(...toSet(toEntry('good')))
  for (const id of ['junk', 'field', 'other', 'long', 'hash']) t.is(await ask(id), 'unavailable', id)
  t.is(await ask('good'), 'good')
  const at = (id: string, problem: string): string =>
    `${redis.url} bearergate:*: ${nameOf(id).slice(0, 27)}*: ${problem}`
  t.deepEqual(source.problems(), [
    at('junk', 'it is no JSON'),
    at('field', 'it is no key: Unrecognized key: "scope"'),
    at('other', 'digest: it is not the one in its name'),
    at('long', 'it is longer than 65536 bytes'),
    at('hash', 'it is no string'),
  ])
  t.is(reloads.filter((line) => line.includes('bearergate:key:')).length, 5)
  await redis.send(...toSet(toEntry('field')))
  t.true(await eventually(async () => (await ask('field')) === 'field', 1_000))
  t.is(source.problems().length, 4)
})

test.serial('a flood of unknown keys costs Redis 500 reads a second, and shuts no good key out', async (t) => {
  const redis = await startRedis(t)
  await redis.send(...toSet(toEntry('used')))
  const { ask, source, reloads } = await openSource(t, { url: redis.url, ttl: '1s', cache: 100 })
  t.is(await ask('used'), 'used')
  const start = performance.now()
  const answers = new Map<string, number>()
  let good = 0
  let asked = 0
  for (let round = 0; performance.now() - start < 3_000; round += 1) {
    const batch = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(`flood-${round}-${index}`)))
    for (const answer of batch) answers.set(answer, (answers.get(answer) ?? 0) + 1)
    if ((await ask('used')) === 'used') good += 1
    asked += 1
    await sleep(5)
  }
  const seconds = (performance.now() - start) / 1_000
  const reads = await countReads(redis)
  t.log(`${[...answers].join(' ')} in ${seconds.toFixed(1)} s; ${reads} reads`)
  t.true(reads <= 500 * (seconds + 1) + 10)
  t.is(good, asked)
  t.is(reloads.length, 2)
  t.regex(source.problems().join(), /unknown secrets come faster than 500 a second/)
  t.true((answers.get('unavailable') ?? 0) > 1_000)
  t.deepEqual([...answers.keys()].toSorted(), ['unavailable', 'unknown'])
})

test.serial('the last use of a key is written in batches, and never set back', async (t) => {
  const redis = await startRedis(t)
  await redis.send(...toSet(toEntry('ci')))
  const { source } = await openSource(t, { url: redis.url })
  const lookup = await source.lookUp?.(digestOf('ci'), undefined)
  if (lookup?.kind !== 'found') return t.fail()
  await redis.send('ZADD', 'bearergate:last-use', '500', 'ci')
  source.used?.(lookup.record, 400)
  source.used?.({ ...lookup.record, id: 'of another source' }, 400)
  source.close()
  await sleep(100)
  t.deepEqual(await redis.send('ZRANGE', 'bearergate:last-use', '0', '-1', 'WITHSCORES'), ['ci', '500'])
  const again = await openSource(t, { url: redis.url })
  const found = await again.source.lookUp?.(digestOf('ci'), undefined)
  if (found?.kind !== 'found') return t.fail()
  again.source.used?.(found.record, 600)
  t.true(await eventually(async () => (await redis.send('ZSCORE', 'bearergate:last-use', 'ci')) === '600', 7_000))
})
