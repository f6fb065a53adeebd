import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { redisSource } from '../../src/config/redis-source-schema.ts'
import { createRedisEditor } from '../../src/editors/redis-editor.ts'
import { eventually } from '../fixtures/eventually.ts'
import { makeFolder } from '../fixtures/folder.ts'
import { measure, nameOf, openSource, toEntry, toSet } from './open-source.ts'
import { type RedisServer, startRedis } from './start-redis.ts'

/** One Sentinel that watches the server as `keys`, with a quorum of itself. */
const startSentinel = async (t: ExecutionContext, master: RedisServer): Promise<RedisServer> => {
  const file = join(makeFolder(t), 'sentinel.conf')
  const lines = [
    `sentinel monitor keys 127.0.0.1 ${master.port} 1`,
    'sentinel down-after-milliseconds keys 500',
    'sentinel failover-timeout keys 3000',
  ]
  writeFileSync(file, lines.join('\n'))
  return startRedis(t, { '': file }, 'redis-sentinel')
}

const startAll = async (t: ExecutionContext) => {
  const master = await startRedis(t)
  const replica = await startRedis(t, { replicaof: `127.0.0.1 ${master.port}` })
  await master.send(...toSet(toEntry('ci')))
  const sentinel = await startSentinel(t, master)
  const passwordFile = join(makeFolder(t), 'password')
  writeFileSync(passwordFile, 'asker')
  // As docs/redis-keys.md writes it.
  await sentinel.send('ACL', 'SETUSER', 'asker', 'on', '>asker', '-@all', '+hello', '+sentinel|get-master-addr-by-name')
  const isReady = async (): Promise<boolean> => {
    const link = String(await replica.send('INFO', 'replication'))
    const known = await sentinel.send('SENTINEL', 'REPLICAS', 'keys')
    return link.includes('master_link_status:up') && Array.isArray(known) && known.length === 1
  }
  t.true(await eventually(isReady, 20_000))
  return {
    master,
    replica,
    sentinel,
    settings: {
      sentinel: { name: 'keys', urls: ['redis://127.0.0.1:1', sentinel.url], username: 'asker', passwordFile },
    },
  }
}

test.serial('Sentinel: the master dies, its replica takes over, known keys are good all the while', async (t) => {
  const { master, replica, settings } = await startAll(t)
  const { ask, source } = await openSource(t, { ...settings, maxStale: '30s' })
  t.is(await ask('ci'), 'ci', source.problems().join())
  t.is(await ask('nobody'), 'unknown')
  await master.stop()
  t.true(await eventually(async () => (await ask('nobody')) === 'unavailable', 1_000))
  let isAlwaysGood = true
  const failover = await measure(async () => {
    if ((await ask('ci')) !== 'ci') isAlwaysGood = false
    return (await ask('nobody')) === 'unknown'
  })
  t.log(`fail-over took ${(failover / 1_000).toFixed(1)} s`)
  t.true(failover < 10_000)
  t.true(isAlwaysGood)
  await replica.send('DEL', nameOf('ci'))
  t.true((await measure(async () => (await ask('ci')) === 'unknown')) < 1_000)
  const editor = await createRedisEditor(redisSource.parse(settings))
  t.teardown(editor.close)
  t.is((await editor.add(toEntry('new'))).kind, 'done')
  t.is(await replica.send('EXISTS', nameOf('new')), 1)
})

test.serial('Sentinel: a master that was replaced and still answers is left', async (t) => {
  const { master, replica, sentinel, settings } = await startAll(t)
  const { ask } = await openSource(t, settings)
  t.is(await ask('ci'), 'ci')
  await sentinel.send('SENTINEL', 'FAILOVER', 'keys')
  const isPromoted = async (): Promise<boolean> => String(await replica.send('ROLE')).startsWith('master')
  t.true(await eventually(isPromoted, 10_000))
  await replica.send('DEL', nameOf('ci'))
  const seen = await measure(async () => (await ask('ci')) === 'unknown')
  t.log(`a revocation right after the fail-over was seen after ${(seen / 1_000).toFixed(1)} s`)
  t.true(seen < 8_000)
  t.is(typeof master.port, 'number')
})
