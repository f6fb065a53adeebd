import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { makeFolder } from '../fixtures/folder.ts'
import { measure, nameOf, openSource, toEntry, toSet } from './open-source.ts'
import { findPort, startRedis } from './start-redis.ts'

const timed = async (ask: () => Promise<string>): Promise<readonly [answer: string, milliseconds: number]> => {
  const start = performance.now()
  const answer = await ask()
  return [answer, performance.now() - start]
}

test.serial('a Redis that was never reached makes every key an outage, until it comes', async (t) => {
  const port = await findPort()
  const { source, ask } = await openSource(t, { url: `redis://127.0.0.1:${port}` })
  t.false(source.isLoaded())
  t.deepEqual(await ask('ci'), 'unavailable')
  t.regex(source.problems().join(), /^redis:\/\/127\.0\.0\.1:\d+ bearergate:\*: connection: .*ECONNREFUSED/)
  const redis = await startRedis(t, { port: `${port}` })
  await redis.send(...toSet(toEntry('ci')))
  t.true((await measure(async () => (await ask('ci')) === 'ci')) < 4_000)
  t.true(source.isLoaded())
  t.deepEqual(source.problems(), [])
})

test.serial(
  'a restart that keeps the data: known keys go on, nothing is denied, all is read anew after it',
  async (t) => {
    const redis = await startRedis(t, { appendonly: 'yes', appendfsync: 'always' })
    for (const id of ['ci', 'revoked']) await redis.send(...toSet(toEntry(id)))
    const { ask } = await openSource(t, { url: redis.url })
    t.deepEqual([await ask('ci'), await ask('revoked'), await ask('nobody')], ['ci', 'revoked', 'unknown'])
    await redis.stop()
    await sleep(50)
    // Whether it is still unknown cannot be said now.
    t.deepEqual([await ask('ci'), await ask('nobody')], ['ci', 'unavailable'])
    await redis.start()
    await redis.send('DEL', nameOf('revoked'))
    t.true((await measure(async () => (await ask('revoked')) === 'unknown')) < 4_000)
    t.deepEqual([await ask('ci'), await ask('nobody')], ['ci', 'unknown'])
  },
)

test.serial('a restart without data: what is gone is unknown', async (t) => {
  const redis = await startRedis(t)
  await redis.send(...toSet(toEntry('ci')))
  const { ask } = await openSource(t, { url: redis.url })
  t.is(await ask('ci'), 'ci')
  await redis.stop()
  await redis.start()
  t.true((await measure(async () => (await ask('ci')) === 'unknown')) < 4_000)
})

test.serial(
  'a partition: answers stay in time, known keys go on for maxStale, then 503, and all recovers',
  async (t) => {
    const redis = await startRedis(t)
    for (const id of ['ci', 'other']) await redis.send(...toSet(toEntry(id)))
    const { source, ask } = await openSource(t, { url: redis.url, maxStale: '3s' })
    t.is(await ask('ci'), 'ci')
    redis.kill('SIGSTOP')
    t.teardown(() => redis.kill('SIGCONT'))
    const start = performance.now()
    const [answer, waited] = await timed(() => ask('other'))
    t.is(answer, 'unavailable')
    t.true(waited >= 95 && waited < 250, `${waited}`)
    const [sooner, waitedLess] = await timed(() => ask('other', Date.now() + 60))
    t.is(sooner, 'unavailable')
    t.true(waitedLess < 60, `${waitedLess}`)
    t.is(await ask('ci'), 'ci')
    await measure(async () => (await ask('ci')) === 'unavailable')
    const total = performance.now() - start
    t.log(`a known key was good for ${(total / 1_000).toFixed(2)} s of a partition (maxStale 3 s)`)
    t.true(total > 2_000 && total < 3_200, `${total}`)
    t.regex(source.problems().join(), /does not answer|no answer within/)
    redis.kill('SIGCONT')
    const recovery = await measure(async () => (await ask('other')) === 'other')
    t.log(`recovered after ${recovery.toFixed(0)} ms`)
    t.true(recovery < 4_000)
    t.is(await ask('ci'), 'ci')
  },
)

test.serial('a revocation during a partition counts as soon as Redis is heard again', async (t) => {
  const redis = await startRedis(t)
  await redis.send(...toSet(toEntry('ci')))
  const { ask } = await openSource(t, { url: redis.url, maxStale: '30s' })
  t.is(await ask('ci'), 'ci')
  redis.kill('SIGSTOP')
  t.teardown(() => redis.kill('SIGCONT'))
  const deletion = redis.send('DEL', nameOf('ci'))
  await sleep(2_500)
  t.is(await ask('ci'), 'ci')
  redis.kill('SIGCONT')
  await deletion
  t.true((await measure(async () => (await ask('ci')) === 'unknown')) < 4_000)
})

test.serial('slow answers: 503 in time for what is not known, and no connection is lost', async (t) => {
  const redis = await startRedis(t)
  for (const id of ['ci', 'other']) await redis.send(...toSet(toEntry(id)))
  const { ask, reloads } = await openSource(t, { url: redis.url })
  t.is(await ask('ci'), 'ci')
  const sleeping = redis.send('DEBUG', 'SLEEP', '0.6')
  await sleep(20)
  const [answer, waited] = await timed(() => ask('other'))
  t.is(answer, 'unavailable')
  t.true(waited < 250, `${waited}`)
  t.is(await ask('ci'), 'ci')
  await sleeping
  t.true((await measure(async () => (await ask('other')) === 'other')) < 300)
  t.is(reloads.length, 1)
})

test.serial('a pause of all clients for longer is a lost connection, and recovers', async (t) => {
  const redis = await startRedis(t)
  await redis.send(...toSet(toEntry('ci')))
  const { ask, reloads } = await openSource(t, { url: redis.url })
  await redis.send('CLIENT', 'PAUSE', '2500', 'ALL')
  const [answer, waited] = await timed(() => ask('ci'))
  t.is(answer, 'unavailable')
  t.true(waited < 250, `${waited}`)
  await sleep(2_000)
  t.true(reloads.some((line) => line.includes('connection: ')))
  t.true((await measure(async () => (await ask('ci')) === 'ci')) < 5_000)
})

test.serial('the server becomes a replica: its keys are an outage, for it may hear of changes late', async (t) => {
  const redis = await startRedis(t)
  await redis.send(...toSet(toEntry('ci')))
  const { source, ask } = await openSource(t, { url: redis.url, maxStale: '2s' })
  t.is(await ask('ci'), 'ci')
  const other = await startRedis(t, { dir: makeFolder(t) })
  await redis.send('REPLICAOF', '127.0.0.1', `${other.port}`)
  t.true((await measure(async () => (await ask('ci')) === 'unavailable')) < 3_500)
  t.regex(source.problems().join(), /is a replica: keys are read from its master/)
  await redis.send('REPLICAOF', 'NO', 'ONE')
  await redis.send(...toSet(toEntry('ci')))
  t.true((await measure(async () => (await ask('ci')) === 'ci')) < 5_000)
})
